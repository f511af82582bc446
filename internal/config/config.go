// Package config turns vapora-backup.yaml and the environment into one value
// of plain data that has been checked as a whole.
//
// The types below are the contract with the operator. Each key's type,
// default, limits and meaning stand in its struct tag and nowhere else: the
// checks, the JSON Schema and docs/config.md are all made from the tags.
//
//	yaml     the key
//	doc      what it means, in Markdown
//	need     the entry is refused without it
//	default  the value where the file has none
//	enum     the values that it may have, separated by spaces, or by commas
//	         where one of them has a space
//	range    the smallest and the largest number
//	form     name, path, server (a database's URL), store (a destination's) or
//	         until (of a lock)
//	env      "no": the environment cannot set it
//	later    keys, or values of an enum, that a later release will know
//
// A secret is never in a Config: it says where the secret lies, and
// [Secret.Value] fetches it.
package config

// A Config is what [Load] makes of the file, its includes and the environment.
// Defaults are filled in and relative paths are joined to the folder of the
// file that holds them.
type Config struct {
	Version      int           `yaml:"version" need:"yes" range:"1 1" doc:"The number 1, the version of this format."`
	Include      []string      `yaml:"include" form:"path" env:"no" doc:"More files of this shape, such as \"conf.d/*.yaml\". Lists are appended; a single value stands in one file only. An included file includes no others."`
	Databases    []Database    `yaml:"databases" doc:"The SurrealDB databases to back up. At least one."`
	Destinations []Destination `yaml:"destinations" doc:"The places that hold backups. At least one."`
	Encryption   Encryption    `yaml:"encryption" doc:"Who can read the backups."`
	Signing      Signing       `yaml:"signing" doc:"Who wrote the backups."`
	Objectives   Objectives    `yaml:"objectives" doc:"What is promised: the restore test measures against it, and \"report\" calls a source late whose newest good backup is older than twice the RPO."`
	Deletion     Deletion      `yaml:"deletion" doc:"How backups are deleted: who must agree, and how much may go at once."`
	RestoreTest  RestoreTest   `yaml:"restore_test" doc:"How a backup is tried: restored into a throwaway target, and looked at."`
	Audit        Audit         `yaml:"audit" doc:"A place of its own for the record of what was done. Without it that lies in the first destination."`
	Notify       []Notify      `yaml:"notify" doc:"Who is told how a run of \"backup db\", \"sync\", \"verify\", \"restore-test\", \"prune apply\" or \"report\" went: people, and what watches over them."`

	_ struct{} `later:"servers configs volumes logs git images files schedule"`

	file string
	root *node
}

// A Database is one source of kind "database".
type Database struct {
	Name         string      `yaml:"name" need:"yes" form:"name" doc:"What its backups are called: lower-case letters, digits, \".\", \"_\" and \"-\", at most 63. Never change it: the backups lie under it."`
	URL          string      `yaml:"url" need:"yes" form:"server" doc:"The server, over HTTP: \"http://host:8000\" or \"https://host\"."`
	Namespace    string      `yaml:"namespace" need:"yes" doc:"The namespace of the database."`
	Database     string      `yaml:"database" doc:"The database to back up. Either this or \"all_databases\"."`
	AllDatabases bool        `yaml:"all_databases" doc:"Every database of the namespace, each its own backup, called NAME.DATABASE. No other entry may have a name that begins with NAME and a dot."`
	Auth         string      `yaml:"auth" default:"root" enum:"root namespace database" doc:"The level at which the user or the token is defined."`
	Username     string      `yaml:"username" doc:"The user; needs \"password\"."`
	Password     Secret      `yaml:"password" doc:"The user's password."`
	Token        Secret      `yaml:"token" doc:"A bearer token, in place of \"username\" and \"password\"."`
	TLS          TLS         `yaml:"tls" doc:"How to trust an https server with a private certificate."`
	MinSize      Size        `yaml:"min_size" doc:"A dump smaller than this is a failed backup."`
	AccessKeys   []AccessKey `yaml:"access_keys" doc:"Keys of access methods, which SurrealDB 3 hides in its exports. They are sealed beside the dump and put back by a restore."`
	Recipients   []string    `yaml:"recipients" doc:"Who can read the backups of this database, in place of \"encryption.recipients\"."`
	LeaveOut     LeaveOut    `yaml:"leave_out" doc:"What the backup shall not hold."`
	Timeouts     Timeouts    `yaml:"timeouts" doc:"How long to wait for the server."`

	_ struct{} `later:"kubernetes"`
}

// TLS says how a server proves who it is.
type TLS struct {
	CA         string `yaml:"ca" form:"path" doc:"A PEM file of the certificates to trust, in place of the system's."`
	ServerName string `yaml:"server_name" doc:"The name that the certificate must hold, where it is not the host of the URL."`
}

// An AccessKey is the real key of an access method.
type AccessKey struct {
	Name     string `yaml:"name" need:"yes" doc:"The access method, as in DEFINE ACCESS."`
	Database string `yaml:"database" doc:"The database that defines it; needed only where, with \"all_databases\", several define the same name."`
	Key      Secret `yaml:"key" need:"yes" doc:"Its key."`
}

// LeaveOut names what a backup does not hold.
type LeaveOut struct {
	Tables   []string `yaml:"tables" doc:"Tables, with all their records."`
	Users    bool     `yaml:"users" doc:"Users of the database."`
	Accesses bool     `yaml:"accesses" doc:"Access methods of the database."`
}

// Timeouts bound the silence of a server, never the length of its answer.
type Timeouts struct {
	Idle Duration `yaml:"idle" default:"2m" doc:"Give up when nothing at all arrives for this long. An export that keeps sending is never cut, nor is a query or an import while the server says that it is well."`
}

// Encryption says who can read backups. The machine that takes them needs
// recipients only.
type Encryption struct {
	Recipients []string `yaml:"recipients" doc:"Public keys that backups are sealed to: age (\"age1…\"), SSH or an age plugin's. Name at least two people or places that can open a backup."`
	Identities []Secret `yaml:"identities" doc:"Private keys, only where backups are read: \"restore\", \"get\" and \"verify --deep\"."`
	Level      int      `yaml:"level" default:"1" range:"1 19" doc:"The zstd level of compression."`
}

// Signing says with what manifests are signed and whose signatures count.
type Signing struct {
	Key      Secret       `yaml:"key" doc:"The minisign secret key that signs manifests."`
	Password Secret       `yaml:"password" doc:"The password of the key, where it has one."`
	Trusted  []string     `yaml:"trusted" doc:"Minisign public keys (\"RWQ…\"). Where there is one, a backup that none of them signed is refused."`
	Revoked  []Revocation `yaml:"revoked" doc:"Keys whose signatures do not count any more from a moment on, such as a leaked one. They stay in \"trusted\", for what was signed before."`
}

// A Revocation ends a key.
type Revocation struct {
	Key  string `yaml:"key" need:"yes" doc:"The minisign public key: RWQ…"`
	From string `yaml:"from" need:"yes" form:"moment" doc:"From when on: \"2026-11-01\" or \"2026-11-01T14:00:00Z\". What the store received later does not count."`
}
