package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/klog/v2"
)

// Answers questions such as {"kubelet": {"document": {}, "flags": {"v": ["2"]}}}: a program's file, and its flags as often as
// each is given.
func main() {
	klog.LogToStderr(false)
	klog.SetOutput(new(bytes.Buffer))
	answer(map[string]func(map[string]any) error{
		"kubelet": started(checkKubelet), "kube-proxy": started(checkProxy), "kube-scheduler": started(checkScheduler),
	})
}

// What a program says that starts with these; gates are as they were after that.
func started(check func(document []byte, args []string) error) func(map[string]any) error {
	return func(asked map[string]any) (err error) {
		defer func() {
			if panicked := recover(); panicked != nil {
				err = fmt.Errorf("%v", panicked)
			}
			gates := feature.DefaultMutableFeatureGate
			for name := range gates.GetAll() {
				if err := gates.ResetFeatureValueToDefault(name); err != nil {
					panic(err)
				}
			}
		}()
		document, err := json.Marshal(asked["document"])
		if err != nil {
			return err
		}
		var args []string
		flags := asked["flags"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(flags)) {
			for _, value := range flags[name].([]any) {
				args = append(args, fmt.Sprintf("--%s=%v", name, value))
			}
		}
		return check(document, args)
	}
}
