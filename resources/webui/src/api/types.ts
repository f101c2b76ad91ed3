// The JSON of the service's API, as docs/openapi.yaml describes it. Times are RFC 3339; ZeroTime stands for "never".

export const ZeroTime = '0001-01-01T00:00:00Z';

export const stages = ['Prepare', 'Backup', 'Restore', 'ConnectSlave', 'Cleanup'] as const;
export type Stage = (typeof stages)[number];

export const statuses = ['Scheduled', 'Running', 'Completed', 'Error', 'Failed', 'Aborting'] as const;
export type Status = (typeof statuses)[number];

export const methods = ['Mysqldump', 'Mydumper', 'Xtrabackup', 'LVM', 'ClonePlugin'] as const;
export type Method = (typeof methods)[number];

export type Side = 'Target' | 'Source';

export interface Progress {
  Bytes: number;
  Total: number; // 0: unknown
  BytesPerSecond: number;
  ETASeconds: number; // -1: unknown
  What: string;
  Unit: string; // of the numbers where they are not bytes
  MovedAt: string;
}

export interface SeedHost {
  Hostname: string;
  Side: Side;
  StageStatus: Status | '';
  Details: string;
  UnreachableSince: string;
  Release: '' | 'held' | 'pending' | 'released' | 'given up';
  ReleaseError: string;
}

export interface EstimatePart {
  Stage: Stage;
  Name: string;
  Seconds: number;
  Low: number;
  High: number;
  From: 'measured' | 'learned' | 'default';
}

export interface Estimate {
  SecondsLeft: number;
  Low: number;
  High: number;
  Sure: 'high' | 'medium' | 'low';
  Parts: EstimatePart[] | null;
}

export interface Seed {
  SeedID: number;
  TargetHostname: string;
  SourceHostname: string;
  SeedMethod: Method;
  BackupSide: Side;
  Status: Status;
  Stage: Stage;
  Retries: number;
  StartTimestamp: string;
  EndTimestamp: string;
  UpdatedAt: string;
  Attempt: number;
  StageStarted: string;
  NotBefore: string;
  Progress: Progress;
  Hosts: SeedHost[] | null;
  ErrorCode: string;
  ErrorText: string;
  Hint: string;
  Held: boolean;
  HeldUntil: string;
  ReplicaLagSeconds: number;
  OldData: string;
  OldDataAt: string;
  OldDataText: string;
  Bandwidth: number; // 0 none, -1 as the agents' configuration says
  Estimate?: Estimate;
}

export interface SeedStageState {
  SeedStageID: number;
  SeedID: number;
  Stage: Stage;
  Hostname: string;
  Timestamp: string;
  Status: Status;
  Details: string;
  Attempt: number;
  Repeats: number;
}

export interface LogicalVolume {
  Name: string;
  GroupName: string;
  Path: string;
  IsSnapshot: boolean;
  SnapshotPercent: number;
  CreatedAt?: string;
}

export interface Mount {
  Path: string;
  Device: string;
  LVPath: string;
  FileSystem: string;
  IsMounted: boolean;
  DiskUsage: number;
}

export interface MethodOffer {
  BackupSide: Side;
  SupportedEngines: string[] | null;
  BackupToDatadir: boolean;
  NotAsSource?: string;
}

export interface AgentData {
  LocalSnapshotsHosts: string[] | null;
  SnaphostHosts: string[] | null;
  LogicalVolumes: LogicalVolume[] | null;
  MountPoint: Mount;
  BackupDir: string;
  BackupDirDiskFree: number;
  BackupDirDiskUsed: number;
  MySQLRunning: boolean;
  MySQLDatadir: string;
  MySQLDatadirDiskUsed: number;
  MySQLDatadirDiskFree: number;
  MySQLDatabases: Record<string, { Engines: string[] | null; Size: number }> | null;
  AvailiableSeedMethods: Partial<Record<Method, MethodOffer>> | null;
  AgentCommands: string[] | null;
  NumCPU: number;
  MemTotal: number;
  OsName: string;
  AgentVersion?: string;
  MySQLVersion?: string;
  ServiceControl?: boolean;
}

export interface Agent {
  Info: { Hostname: string; Port: number; MySQLPort: number };
  Data: AgentData | null;
  LastSeen: string;
  Status: 'Active' | 'Inactive';
  ClusterAlias: string;
  MySQLVersion: string;
  LastError: string;
}

export interface Check {
  Name: string;
  Result: 'pass' | 'warn' | 'fail';
  Found: string;
  Needed: string;
  Hint: string;
}

export interface AuditEntry {
  AuditID: number;
  AuditTimestamp: string;
  AuditType: string;
  AuditInstanceKey: string;
  Message: string;
  User: string;
}

export interface NodeStatus {
  Node: string;
  Version: string;
  IsLeader: boolean;
  Leader: string;
  Term: number;
  Backend: string;
  Healthy: boolean;
  Problem: string;
  StartedAt: string;
  ActiveSeeds: number;
  Agents: number;
}
