-- A user for Grafana that reads the database `squall` and can do nothing else. Run it as an administrator, with a password of your own:
--
--   clickhouse-client --multiquery --param_grafana_password "$PASSWORD" < deploy/clickhouse/grafana_user.sql
--
-- It can be run again, which sets the password anew. For another database or user write their names in place of `squall.*` and `grafana`.

-- readonly = 2 forbids writing and DDL but not settings: the plugin sends max_execution_time with every query, which readonly = 1 refuses.
-- What it may set is bounded here; 0 would mean "without limit", hence the lower ends.
CREATE SETTINGS PROFILE OR REPLACE squall_grafana SETTINGS
    readonly = 2 CONST,
    max_execution_time = 30 MIN 1 MAX 120,
    max_memory_usage = 4000000000 MIN 1 MAX 4000000000,
    max_threads = 4 MIN 1 MAX 8,
    max_result_rows = 200000 MIN 1 MAX 200000,
    result_overflow_mode = 'throw' CONST,
    timeout_overflow_mode = 'throw' CONST,
    max_concurrent_queries_for_user = 40 CONST;

CREATE USER OR REPLACE grafana
    IDENTIFIED WITH sha256_password BY {grafana_password:String}
    HOST ANY
    DEFAULT DATABASE squall
    SETTINGS PROFILE 'squall_grafana';

-- A dashboard of ten panels that refreshes each minute for twenty viewers is 200 queries a minute.
CREATE QUOTA OR REPLACE squall_grafana
    KEYED BY user_name
    FOR INTERVAL 1 minute MAX queries = 3000, errors = 600, execution_time = 600
    TO grafana;

GRANT SELECT ON squall.* TO grafana;
