-- A short form of `squall.core.formatting.explain`.
concat(
        toString(observed), if(test = 'no data', ' documents in ', ' negative documents in '),
        toString(dateDiff('minute', window_start, window_end)), ' min, ', toString(round(expected, 1)), ' expected (90%: ',
        toString(round(expected_low, 1)), ' to ', toString(round(expected_high, 1)), '); ',
        if(test = 'no data', '', concat('negative share ', toString(round(negative_share * 100)), '%, expected ', toString(round(expected_share * 100)), '%; ')),
        multiIf(
            p_value > 0.2, 'not unusual',
            p_value < 1e-12, 'practically impossible by chance',
            p_value > 1e-3, concat('about one window in ', toString(toUInt32(round(1 / p_value))), ' would show this by chance'),
            concat('about one window in ', formatReadableQuantity(round(1 / p_value)), ' would show this by chance')))
