package audit

import "cmp"

// ci recognises the build system that runs this process by the variables that
// its documentation promises. Those that may hold a secret, such as the URL of a
// repository, are left alone.
func ci(getenv func(string) string) *CI {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	switch {
	case getenv("GITHUB_ACTIONS") != "":
		system := "github-actions"
		if getenv("GITEA_ACTIONS") != "" {
			system = "gitea-actions"
		}
		return &CI{system, getenv("GITHUB_REPOSITORY"), getenv("GITHUB_WORKFLOW"), first("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
			joined(getenv("GITHUB_RUN_ID"), ".", getenv("GITHUB_RUN_ATTEMPT"))}
	case getenv("GITLAB_CI") != "":
		return &CI{"gitlab", getenv("CI_PROJECT_PATH"), getenv("CI_JOB_NAME"), first("GITLAB_USER_LOGIN", "GITLAB_USER_EMAIL"),
			joined(getenv("CI_PIPELINE_ID"), ".", getenv("CI_JOB_ID"))}
	case getenv("CIRCLECI") != "":
		return &CI{"circleci", joined(getenv("CIRCLE_PROJECT_USERNAME"), "/", getenv("CIRCLE_PROJECT_REPONAME")),
			getenv("CIRCLE_JOB"), getenv("CIRCLE_USERNAME"), getenv("CIRCLE_BUILD_NUM")}
	case getenv("TF_BUILD") != "":
		return &CI{"azure-pipelines", getenv("BUILD_REPOSITORY_NAME"), getenv("BUILD_DEFINITIONNAME"),
			getenv("BUILD_REQUESTEDFOR"), getenv("BUILD_BUILDID")}
	case getenv("BUILDKITE") != "":
		return &CI{"buildkite", joined(getenv("BUILDKITE_ORGANIZATION_SLUG"), "/", getenv("BUILDKITE_PIPELINE_SLUG")),
			getenv("BUILDKITE_LABEL"), first("BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"), getenv("BUILDKITE_BUILD_NUMBER")}
	case getenv("JENKINS_URL") != "":
		return &CI{"jenkins", "", getenv("JOB_NAME"), first("BUILD_USER_ID", "CHANGE_AUTHOR"), getenv("BUILD_NUMBER")}
	}
	return nil
}

// joined puts what there is of two parts together.
func joined(a, between, b string) string {
	if a == "" || b == "" {
		return cmp.Or(a, b)
	}
	return a + between + b
}
