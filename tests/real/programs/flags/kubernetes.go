// Prints what a program of Kubernetes can be told: each flag, then each feature gate.
//
// It is built within the module of a release, together with the one file that names the program:
//
//	cd tests/real/programs/kubernetes-1.36 && go run ../flags/kubernetes.go ../flags/kubelet.go
//
// A program's help leaves out hidden flags, and gates that can no longer be set; what is registered is all there is.
package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/featuregate"
	_ "k8s.io/component-base/logs/json/register" // as every program does, for the flags of this format
)

func main() {
	flags().VisitAll(func(flag *pflag.Flag) {
		// Programs read names with underscores as if they had dashes.
		line := "flag " + strings.ReplaceAll(flag.Name, "_", "-") + " " + flag.Value.Type()
		if pairs, ok := flag.Value.(*cliflag.MapStringString); ok && pairs.NoSplit {
			line += "NoSplit"
		}
		if flag.Deprecated != "" || strings.HasPrefix(flag.Usage, "DEPRECATED") {
			line += " deprecated"
		}
		fmt.Println(line)
	})

	var gates []string
	for name, spec := range feature.DefaultMutableFeatureGate.GetAll() {
		stage := strings.ToLower(string(spec.PreRelease))
		if stage == "" {
			stage = "ga"
		}
		lock := "free"
		if spec.LockToDefault {
			lock = "locked"
		}
		gates = append(gates, fmt.Sprintf("gate %s %s %t %s", name, stage, spec.Default, lock))
	}
	// Since 1.35 some gates are only opened beside others.
	if known, ok := any(feature.DefaultMutableFeatureGate).(interface {
		Dependencies() map[featuregate.Feature][]featuregate.Feature
	}); ok {
		for name, others := range known.Dependencies() {
			for _, other := range others {
				gates = append(gates, fmt.Sprintf("needs %s %s", name, other))
			}
		}
	}
	sort.Strings(gates)
	for _, line := range gates {
		fmt.Println(line)
	}
}
