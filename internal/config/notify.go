package config

// A Notify is somebody, or something, that is told how runs go.
type Notify struct {
	Name string   `yaml:"name" need:"yes" form:"name" doc:"What it is called, in warnings."`
	Type string   `yaml:"type" need:"yes" enum:"slack webhook ping" later:"alertmanager pushgateway" doc:"How it is told: a message in Slack, a JSON value that is posted, or the ping of a dead man's switch (\"URL\" for a success, \"URL/start\" and \"URL/fail\", as healthchecks.io has them)."`
	URL  Secret   `yaml:"url" need:"yes" doc:"Where to. It is a secret: who knows it can write there."`
	On   []string `yaml:"on" enum:"start success failure" later:"recovery" doc:"Of what: the start, success or failure of a run. Without it, of failures. Who is told of failures is told of what needs eyes too, such as a request to delete that overrides the blast radius; a ping is not, for it speaks of runs."`
	// Those that tell: a test holds them against the command line.
	Commands []string `yaml:"commands" enum:"backup db,sync,verify,restore-test,prune apply,report" doc:"Of the runs of which commands; without it, of all. A dead man's switch watches one schedule, such as [\"backup db\"]: what else runs would keep it from noticing that backups have stopped. What needs eyes is told whatever stands here."`
}
