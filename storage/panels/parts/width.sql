-- `chosen_step` is the resolution of the roll-up, `width` the bucket of the chart in whole steps; both are constants in ClickHouse.
    if(toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) > 172800, 3600, 60) AS chosen_step,
    intDiv(greatest($__interval_s, chosen_step) + chosen_step - 1, chosen_step) * chosen_step AS width
