package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/klog/v2"
)

// A program, its configuration file, and its flags.
type question struct {
	Program  string              `json:"program"`
	Document json.RawMessage     `json:"document"`
	Flags    map[string][]string `json:"flags"`
}

// Answers each line of a file: nothing if the program takes it, or what it says.
func main() {
	klog.LogToStderr(false)
	klog.SetOutput(new(bytes.Buffer))
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		said := ""
		if err := asked.answer(); err != nil {
			said = strings.Join(strings.Fields(err.Error()), " ")
		}
		fmt.Println(said)
		gates := feature.DefaultMutableFeatureGate
		for name := range gates.GetAll() {
			if err := gates.ResetFeatureValueToDefault(name); err != nil {
				panic(err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func (q question) answer() (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("%v", panicked)
		}
	}()
	var args []string
	for _, name := range slices.Sorted(maps.Keys(q.Flags)) {
		for _, value := range q.Flags[name] {
			args = append(args, "--"+name+"="+value)
		}
	}
	check := map[string]func([]byte, []string) error{
		"kubelet": checkKubelet, "kube-proxy": checkProxy, "kube-scheduler": checkScheduler,
	}[q.Program]
	return check(q.Document, args)
}
