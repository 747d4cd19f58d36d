-- The id of an entity, such as `company:apple-inc` or `found:lehman-brothers`.
    decodeURLComponent('${entity:percentencode}') AS chosen_entity
