toDateTime(intDiv(toUnixTimestamp(r.time), width) * width, 'UTC')
