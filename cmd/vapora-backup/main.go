// Command vapora-backup backs up a SurrealDB platform and proves it.
package main

import (
	"os"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.System(), os.Args[1:]))
}
