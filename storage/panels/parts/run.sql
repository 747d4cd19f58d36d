decodeURLComponent('${run:percentencode}')
