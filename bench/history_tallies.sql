-- What beat would have counted: as it goes it needs minutes for ten days that it missed. A table made of a query is made by
-- several processes, rows that are inserted are not.
CREATE TEMP VIEW ends AS
SELECT date_bin('1 {unit}', finished_at, 'epoch') AS start, job, queue, state, finished_at, cpu_seconds,
    extract(epoch FROM finished_at - started_at)::float8 AS took, extract(epoch FROM started_at - run_at)::float8 AS waited
FROM jobs_run WHERE finished_at > now() - interval '{span}';

CREATE TEMP TABLE sums AS
SELECT start, job, queue, count(*) FILTER (WHERE state = 'SUCCESS') AS succeeded,
    count(*) FILTER (WHERE state = 'FAILED') AS failed, count(*) FILTER (WHERE state = 'CANCELLED') AS cancelled,
    count(*) FILTER (WHERE state = 'SKIPPED') AS skipped, count(*) FILTER (WHERE state = 'MISSED') AS missed,
    coalesce(sum(took), 0) AS seconds, coalesce(sum(cpu_seconds), 0) AS cpu, coalesce(max(took), 0) AS longest,
    coalesce(sum(waited), 0) AS waited, max(finished_at) AS last
FROM ends GROUP BY 1, 2, 3;

CREATE TEMP TABLE took AS
SELECT start, job, queue, least(112, floor(4 * ln(greatest(took, 0.001) / 0.001) / ln(2.0))) AS bucket, count(*) AS runs
FROM ends WHERE took IS NOT NULL GROUP BY 1, 2, 3, 4;

CREATE TEMP TABLE waited AS
SELECT start, job, queue, least(112, floor(4 * ln(greatest(waited, 0.001) / 0.001) / ln(2.0))) AS bucket, count(*) AS runs
FROM ends WHERE waited IS NOT NULL GROUP BY 1, 2, 3, 4;

INSERT INTO jobs_{unit}tally (start, job, queue, succeeded, failed, cancelled, skipped, missed, retries, seconds,
    cpu_seconds, longest_seconds, wait_seconds, durations, waits, last_finished_at)
SELECT start, job, queue, succeeded, failed, cancelled, skipped, missed, 0, seconds, cpu, longest, sums.waited,
    coalesce(durations, '{{}}'), coalesce(waits, '{{}}'), last
FROM sums
LEFT JOIN (SELECT start, job, queue, jsonb_object_agg(bucket, runs) AS durations FROM took GROUP BY 1, 2, 3) durations
    USING (start, job, queue)
LEFT JOIN (SELECT start, job, queue, jsonb_object_agg(bucket, runs) AS waits FROM waited GROUP BY 1, 2, 3) waits
    USING (start, job, queue);

DROP VIEW ends;
DROP TABLE sums, took, waited
