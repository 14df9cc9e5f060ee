/** Nothing acknowledged is lost by a crash: not of the process, not of the machine. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
/** For tests: data need not outlive the machine. */
const NOT_DURABLE = { ...DURABLE, fsync: 'off', full_page_writes: 'off' };

const DEFAULTS = {
  shared_buffers: '128MB',
  max_connections: '100',
  max_wal_size: '1GB',
  // A new segment of the log, every second at full load, is not filled with zeros first: commits would wait for that.
  wal_init_zero: 'off',
  // Those that are there are used again rather than removed after a quiet hour.
  min_wal_size: '256MB',
  // A table that fills quickly has no statistics until somebody looks, and plans are guesses until then.
  autovacuum_naptime: '10s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Statements and details of an error carry values of tenants.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** The server's settings: the caller's over the defaults, and over both what the launcher relies on. */
export function serverSettings({
  clusterName,
  noSync,
  settings,
}: {
  clusterName: string;
  noSync: boolean;
  settings: Readonly<Record<string, string>>;
}): Record<string, string> {
  return {
    ...DEFAULTS,
    ...(noSync ? NOT_DURABLE : DURABLE),
    ...settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    cluster_name: clusterName,
    // The log is read from stderr.
    logging_collector: 'off',
    log_destination: 'stderr',
  };
}
