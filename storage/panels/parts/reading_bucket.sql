toDateTime(intDiv(toUnixTimestamp(r.time), greatest($__interval_s, 300)) * greatest($__interval_s, 300), 'UTC')
