/** Names of well-known ports. */

/**
 * Names of the services on well-known ports. Source: IANA's "Service Name and Transport Protocol Port Number
 * Registry". Ports with `*` are what the servers listen on by their own documentation, where IANA has another name
 * or none.
 */
const SERVICES: Readonly<Record<number, string>> = {
  21: 'FTP',
  22: 'SSH',
  23: 'Telnet',
  25: 'SMTP',
  53: 'DNS',
  80: 'HTTP',
  110: 'POP3',
  111: 'RPC',
  123: 'NTP',
  135: 'Windows RPC',
  139: 'NetBIOS',
  143: 'IMAP',
  161: 'SNMP',
  389: 'LDAP',
  443: 'HTTPS',
  445: 'SMB',
  636: 'LDAPS',
  873: 'rsync',
  1433: 'SQL Server',
  1521: 'Oracle', // *
  2049: 'NFS',
  2375: 'Docker',
  2376: 'Docker',
  2379: 'etcd',
  3306: 'MySQL',
  3389: 'RDP',
  5432: 'PostgreSQL',
  5439: 'Redshift', // *
  5601: 'Kibana', // *
  5671: 'AMQP',
  5672: 'AMQP',
  5900: 'VNC',
  5985: 'WinRM',
  5986: 'WinRM',
  6379: 'Redis',
  6443: 'Kubernetes', // *
  8080: 'HTTP',
  8443: 'HTTPS', // *
  9092: 'Kafka', // *
  9200: 'Elasticsearch', // *
  10250: 'kubelet', // *
  11211: 'memcached',
  27017: 'MongoDB', // *
};

/** Ports that are meant to be reached from everywhere. */
const FOR_EVERYBODY = new Set([25, 53, 80, 443]);

/** The ports of a firewall rule. Undefined values are not known. */
export interface Ports {
  /** `tcp`, `udp`, `icmp` …; `-1` for every protocol. */
  readonly protocol: string | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** `SSH (22)`, `DNS (53/udp)`, `ports 8000-8999`, `all traffic`; null if the ports are not known. */
export function portWords({ protocol, from, to }: Ports): string | null {
  if (protocol === '-1') return 'all traffic';
  if (protocol === 'icmp' || protocol === 'icmpv6') return protocol === 'icmp' ? 'ICMP' : 'ICMPv6';
  if (from === undefined || to === undefined) return protocol === undefined ? null : `all ${protocol} ports`;
  const other = protocol === undefined || protocol === 'tcp' ? '' : `/${protocol}`;
  if (from <= 1 && to >= 65_535) return other === '' ? 'all ports' : `all ${protocol} ports`;
  if (from !== to) return `ports ${from}-${to}${other}`;
  const service = SERVICES[from];
  return service === undefined ? `port ${from}${other}` : `${service} (${from}${other})`;
}

/** True if the rule covers only ports that are meant to be reached from everywhere, such as HTTPS. */
export function isForEverybody({ protocol, from, to }: Ports): boolean {
  return protocol !== '-1' && from !== undefined && from === to && FOR_EVERYBODY.has(from);
}

/** True if `outer` covers every port of `inner`. Ports that are not known are covered only by ports not known. */
export function coversPorts(outer: Ports, inner: Ports): boolean {
  if (outer.protocol === '-1') return true;
  if (outer.protocol !== inner.protocol) return false;
  if (outer.from === undefined || outer.to === undefined) return true;
  if (inner.from === undefined || inner.to === undefined) return false;
  return outer.from <= inner.from && outer.to >= inner.to;
}
