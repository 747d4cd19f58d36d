-- The selected values of the variable with the name of the column. The format `queryparam` percent-encodes every character that
-- could end a string; Grafana's quoting formats do not escape a backslash.
$__conditionalAll(has(arrayMap(pair -> decodeURLFormComponent(substring(pair, position(pair, '=') + 1)), splitByChar('&', '${{{@}}:queryparam}')), {{@}}), ${{@}})
