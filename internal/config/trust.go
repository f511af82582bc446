package config

// Objectives are what is promised.
type Objectives struct {
	RPO          Duration `yaml:"rpo" default:"1h" doc:"At most so much data is lost."`
	RTO          Duration `yaml:"rto" default:"4h" doc:"Service is back within this."`
	Availability Percent  `yaml:"availability" default:"99.9%" doc:"The percentage of time in which a good backup is at hand."`
}

// Deletion says how backups are deleted. The defaults are the strategy's.
type Deletion struct {
	Approvals  int        `yaml:"approvals" default:"2" range:"0 9" doc:"How many distinct approvers must agree; who requested does not count."`
	Delay      Duration   `yaml:"delay" default:"24h" doc:"How long to wait after the last approval that was needed."`
	Approvers  []Approver `yaml:"approvers" doc:"Whose approval counts. At least one more than \"approvals\", so that one of them may request."`
	Scheduled  bool       `yaml:"scheduled" doc:"Whether \"prune apply --scheduled\" may delete what the retention policy lets go without a request. All refusals hold."`
	Expires    Duration   `yaml:"expires" default:"14d" doc:"A request that is older is not carried out any more."`
	MaxShare   Percent    `yaml:"max_share" default:"25%" doc:"No more than this share of all backups goes at once."`
	MaxCount   int        `yaml:"max_count" default:"1000" range:"1 1000000" doc:"No more than so many backups go at once."`
	StaleAfter Duration   `yaml:"stale_after" default:"24h" doc:"Nothing of a source is deleted where its newest good backup is older than this, beyond the length of its slot: backups have stopped, and time alone would eat history."`
}

// An Approver may agree to deletions.
type Approver struct {
	Name string `yaml:"name" need:"yes" form:"name" doc:"What the approver is called."`
	Key  string `yaml:"key" need:"yes" doc:"The minisign public key: RWQ…"`
}

// RestoreTest says how a backup is tried.
type RestoreTest struct {
	Target       string   `yaml:"target" default:"local" enum:"local server" later:"kubernetes" doc:"Where to: a SurrealDB that the test starts itself, or a scratch namespace on a given server."`
	Command      []string `yaml:"command" doc:"For \"local\": the command that starts a SurrealDB, in place of \"surreal start …\". \"{address}\", \"{user}\", \"{password}\" and \"{folder}\" are replaced."`
	Server       Server   `yaml:"server" doc:"For \"server\": where. Never the source's own."`
	Checks       []Check  `yaml:"checks" doc:"Queries of one's own, and what they must say."`
	Smoke        []string `yaml:"smoke" doc:"The application's own smoke test: a command. It finds SURREAL_URL, SURREAL_NAMESPACE, SURREAL_DATABASE, SURREAL_USER and SURREAL_PASSWORD in its environment, and exits with 0."`
	SmokeTimeout Duration `yaml:"smoke_timeout" default:"10m" doc:"How long the smoke test may take. One that has not ended then has failed, and is ended."`
}

// A Server is a SurrealDB to try backups on.
type Server struct {
	URL      string `yaml:"url" need:"yes" form:"server" doc:"The server."`
	Username string `yaml:"username" need:"yes" doc:"A user of root, who may make and remove namespaces."`
	Password Secret `yaml:"password" need:"yes" doc:"The user's password."`
	CA       string `yaml:"ca" form:"path" doc:"A PEM file of the certificates to trust, in place of the system's."`
}

// A Check is a query and what it must say.
type Check struct {
	Source string `yaml:"source" doc:"Only for backups of this source."`
	Query  string `yaml:"query" need:"yes" doc:"A query in SurrealQL. The result of its last statement is looked at."`
	Expect string `yaml:"expect" default:"not empty" doc:"\"not empty\", which a single row with nothing but a zero in it is not; \"count > 0\" with any of = != > >= < <= and a number, of what a count or a number says; or \"= VALUE\" with a JSON value."`
}

// Audit is where the record of what was done lies.
type Audit struct {
	URL         string      `yaml:"url" need:"yes" form:"store" doc:"Where it is, as for destinations."`
	Lock        AuditLock   `yaml:"lock" doc:"Object lock on every entry."`
	Credentials Credentials `yaml:"credentials" doc:"Keys for the store, as for destinations."`
	CA          string      `yaml:"ca" form:"path" doc:"A PEM file of certificates to trust beside the system's."`

	// Store is what URL says, taken apart.
	Store Store `yaml:"-"`
}

// An AuditLock is put on every entry of the record.
type AuditLock struct {
	Mode  string   `yaml:"mode" need:"yes" enum:"governance compliance" doc:"Who may lift it before its time: who has a right of its own for that, or nobody."`
	Until Duration `yaml:"until" need:"yes" doc:"For how long from the entry on, such as \"7y\"."`
}
