package cli

// Run is Main under a context of the test's.
var Run = run
