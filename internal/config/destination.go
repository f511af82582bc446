package config

// A Destination is one place that holds backups.
type Destination struct {
	Name         string      `yaml:"name" need:"yes" form:"name" doc:"What the destination is called; the same rule as for databases."`
	URL          string      `yaml:"url" need:"yes" form:"store" doc:"Where it is: \"file:///mnt/backups\", \"file:relative/folder\", \"s3://bucket/prefix?region=eu-central-1\", \"gs://bucket/prefix\" or \"azblob://account/container/prefix\". Private endpoints and other servers: \"endpoint=https://host\"; most S3 servers but Amazon's also want \"path_style=true\"."`
	Takes        string      `yaml:"takes" default:"all" enum:"all hourly daily weekly monthly" doc:"Which backups it takes: every one, or the first of each hour, day, week (from Sunday) or month, in UTC."`
	Keep         Keep        `yaml:"keep" doc:"How long it keeps what. Without it: everything, for ever."`
	KeepByKind   []KindKeep  `yaml:"keep_by_kind" doc:"A policy for one kind of backup, in place of \"keep\"."`
	Lock         Lock        `yaml:"lock" doc:"Object lock: nothing can be deleted before its time. The bucket must be able to; \"config validate --online\" asks it."`
	Required     bool        `yaml:"required" doc:"Whether a run fails when this destination does. Where it is not said: true for the first, false for the others, whose failure makes a run partial."`
	Offline      bool        `yaml:"offline" doc:"A folder that is not always there, such as a removable disk. Its absence is no failure unless it is required; its age is reported. The folder itself must exist when the disk is there: it is never made."`
	MaxBandwidth Size        `yaml:"max_bandwidth" doc:"The most bytes a second to and from it, such as \"20MB\"."`
	StorageClass string      `yaml:"storage_class" doc:"The storage class or access tier of the data; manifests stay in the usual one. S3: such as \"STANDARD_IA\", \"GLACIER\", \"DEEP_ARCHIVE\". Google: \"NEARLINE\", \"COLDLINE\", \"ARCHIVE\". Azure: \"Cool\", \"Cold\", \"Archive\"."`
	SSE          SSE         `yaml:"sse" doc:"Encryption at rest by the server, checked in its answer. It comes on top of \"encryption\"."`
	Credentials  Credentials `yaml:"credentials" doc:"Keys for the store. Without them its vendor's own chain: environment, profile, workload identity, instance role. A backup needs to write only: \"s3:PutObject\", with a lock also \"s3:PutObjectRetention\" and \"s3:GetObjectRetention\"; \"storage.objects.create\"; for Azure a SAS with \"cw\" (\"c\" alone for objects below \"part_size\")."`
	AssumeRole   AssumeRole  `yaml:"assume_role" doc:"For S3: a role that the credentials take on."`
	CA           string      `yaml:"ca" form:"path" doc:"A PEM file of certificates to trust beside the system's, for a server with a private one."`
	Checksums    bool        `yaml:"checksums" default:"true" doc:"Send a checksum with every S3 upload. \"false\" only for servers that refuse them."`
	PartSize     Size        `yaml:"part_size" doc:"The size of the first parts of an upload, 8MiB where nothing is said. Four of them are in memory, for objects of up to 10GiB; parts of larger ones grow, and with them the memory: 48MiB at 100GiB, 1GiB at 1TiB. Larger ones for S3 servers that want all parts in one size."`

	// Store is what URL says, taken apart.
	Store Store `yaml:"-"`
}

// Keep says how long a destination keeps what, from the moment of the backup.
type Keep struct {
	Hourly  Duration `yaml:"hourly" doc:"Every backup."`
	Daily   Duration `yaml:"daily" doc:"The first of each day in UTC."`
	Weekly  Duration `yaml:"weekly" doc:"The first of each week, which begins on Sunday."`
	Monthly Duration `yaml:"monthly" doc:"The first of each month."`
	Tagged  Duration `yaml:"tagged" doc:"Every backup that has a tag."`
	Last    int      `yaml:"last" range:"0 100000" doc:"So many of the newest, whatever their age. One always stays."`
	Within  Duration `yaml:"within" doc:"Every backup; the longer of this and \"hourly\" counts."`
}

// ends says whether the policy lets a backup without a tag go after some time.
func (k Keep) ends() bool { return max(k.Hourly, k.Daily, k.Weekly, k.Monthly, k.Within) > 0 }

// A KindKeep is the policy for one kind of backup.
type KindKeep struct {
	Kind string `yaml:"kind" need:"yes" enum:"database" later:"server configs volumes logs git images files" doc:"The kind of backup."`
	Keep Keep   `yaml:"keep" doc:"How long it is kept."`
}

// A Lock is put on every object of a backup when it is written.
type Lock struct {
	Mode  string `yaml:"mode" need:"yes" enum:"governance compliance" doc:"Who may lift it before its time: who has a right of its own for that, or nobody."`
	Until string `yaml:"until" need:"yes" form:"until" doc:"\"expiry\": the moment at which \"keep\" lets the backup go; or a duration from the backup on, such as \"30d\"."`
}

// Expiry reports whether the lock lasts as long as the backup is kept, and
// otherwise how long it lasts.
func (l Lock) Expiry() (expiry bool, lasts Duration) {
	if l.Until == untilExpiry {
		return true, 0
	}
	var d Duration
	_ = d.UnmarshalText([]byte(l.Until)) // it was checked with the file
	return false, d
}

const untilExpiry = "expiry"

// SSE is server-side encryption.
type SSE struct {
	Mode string   `yaml:"mode" need:"yes" enum:"AES256 aws:kms gcp:kms azure:scope" doc:"Whose key: the server's own or one of the key service (S3), one of Cloud KMS (Google), or that of an encryption scope (Azure)."`
	Key  string   `yaml:"key" doc:"The key: for \"aws:kms\" its ID, ARN or alias (without one, the bucket's), for \"gcp:kms\" its resource name, for \"azure:scope\" the scope's name."`
	Keys []SSEKey `yaml:"keys" doc:"A key per kind of backup, over \"key\"."`
}

// An SSEKey is the key for one kind of backup.
type SSEKey struct {
	Kind string `yaml:"kind" need:"yes" enum:"database" later:"server configs volumes logs git images files" doc:"The kind of backup."`
	ID   string `yaml:"id" need:"yes" doc:"The key, as above."`
}

// Credentials are keys of a store: those of S3, of Google or of Azure.
type Credentials struct {
	AccessKey      Secret `yaml:"access_key" doc:"S3: the access key ID."`
	SecretKey      Secret `yaml:"secret_key" doc:"S3: the secret access key."`
	SessionToken   Secret `yaml:"session_token" doc:"S3: the session token of temporary keys."`
	ServiceAccount Secret `yaml:"service_account" doc:"Google: the JSON of a service account's key."`
	AccountKey     Secret `yaml:"account_key" doc:"Azure: a key of the storage account."`
	SASToken       Secret `yaml:"sas_token" doc:"Azure: a shared access signature."`
}

// An AssumeRole is a role of AWS that credentials take on.
type AssumeRole struct {
	ARN        string `yaml:"arn" need:"yes" doc:"The role."`
	ExternalID string `yaml:"external_id" doc:"What the role's trust policy demands."`
	MFASerial  string `yaml:"mfa_serial" doc:"The device whose code the role demands: it is asked for on the terminal, or comes with \"--mfa-code\"."`
	Endpoint   string `yaml:"endpoint" doc:"The security token service, where it is not Amazon's public one."`
}
