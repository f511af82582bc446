package cli

// Run is Main under a context of the test's.
var Run = run

// Settle and Claim are the two ways in which a proved file gets its name.
var Settle, Claim = settle, claim
