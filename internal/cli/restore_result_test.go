package cli_test

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/restore"
)

// Of many statements that failed a person reads the first; all are counted.
func TestFailedStatementsAreFew(t *testing.T) {
	t.Parallel()
	for failed, more := range map[int]string{0: "", 3: "", 10: "", 11: "and 1 more", 126: "and 116 more"} {
		loaded := &db.Loaded{Failed: int64(failed)}
		for i := range min(failed, 100) { // which is all that is kept
			loaded.Failures = append(loaded.Failures, db.FailedStatement{Statement: fmt.Sprint("INSERT ", i), Message: "no"})
		}
		v := reflect.New(reflect.TypeOf(cli.Results["restore db"])).Elem()
		v.FieldByName("Result").Set(reflect.ValueOf(&restore.Result{Loaded: loaded}))
		var out strings.Builder
		v.Interface().(interface{ Text(io.Writer) }).Text(&out)
		if n := strings.Count(out.String(), "    failed: "); n != min(failed, 10) {
			t.Errorf("%d failed: got %d lines of them", failed, n)
		}
		if got := strings.Contains(out.String(), "    and "); got != (more != "") || !strings.Contains(out.String(), more) {
			t.Errorf("%d failed: got\n%s\nwant %q", failed, out.String(), more)
		}
	}
}
