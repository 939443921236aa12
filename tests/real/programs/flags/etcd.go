// Prints the flags of etcd, one a line: those of its server as they are registered, and those that only its program has.
//
//	cd tests/real/programs/etcd && go run ../flags/etcd.go
package main

import (
	"flag"
	"fmt"
	"strings"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	set := flag.NewFlagSet("etcd", flag.ContinueOnError)
	embed.NewConfig().AddFlags(set)
	// Of go.etcd.io/etcd/server/v3/etcdmain, which keeps them to itself.
	for _, name := range []string{"config-file", "discovery-fallback", "initial-cluster-state", "v2-deprecation"} {
		set.String(name, "", "")
	}
	set.Bool("version", false, "")

	set.VisitAll(func(flag *flag.Flag) {
		line := "flag " + flag.Name + " " + strings.TrimPrefix(fmt.Sprintf("%T", flag.Value), "*")
		if strings.Contains(strings.ToLower(flag.Usage), "deprecated") {
			line += " deprecated"
		}
		fmt.Println(line)
	})
}
