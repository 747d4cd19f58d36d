toStartOfInterval(toDateTime(at, 'UTC'), toIntervalSecond(greatest($__interval_s, 10)))
