-- The values chosen of the variable that is named as the column is. As a query parameter every character that could end a string
-- is percent-encoded; Grafana's quoting formats let a backslash through.
$__conditionalAll(has(arrayMap(pair -> decodeURLFormComponent(substring(pair, position(pair, '=') + 1)), splitByChar('&', '${{{@}}:queryparam}')), {{@}}), ${{@}})
