// Prints the settings that containerd reads: of its file's top level, and of each plugin by the plugin's whole name.
//
//	cd tests/real/programs/containers && go run ../values/containerd.go
package main

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	_ "github.com/containerd/containerd/v2/cmd/containerd/builtins"
	"github.com/containerd/containerd/v2/cmd/containerd/server/config"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"
)

func main() {
	var lines []string
	add := func(name string, settings any) {
		found := settingsOf(reflect.TypeOf(settings), "")
		for _, setting := range found {
			lines = append(lines, name+" "+setting)
		}
	}
	add("containerd", config.Config{})
	for _, registered := range registry.Graph(func(*plugin.Registration) bool { return false }) {
		if registered.Config == nil {
			lines = append(lines, registered.URI()+" - mapping")
			continue
		}
		add(registered.URI(), registered.Config)
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		fmt.Println(line)
	}
}

// The settings of a type, each with its path and kind.
func settingsOf(of reflect.Type, path string) []string {
	if of.Kind() != reflect.Pointer && reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return []string{path + " string"}
	}
	switch of.Kind() {
	case reflect.Pointer:
		return settingsOf(of.Elem(), path)
	case reflect.Slice:
		return settingsOf(of.Elem(), path+"[]")
	case reflect.Map:
		return settingsOf(of.Elem(), path+".*")
	case reflect.Struct:
		var found []string
		for i := range of.NumField() {
			member := of.Field(i)
			name, options, _ := strings.Cut(member.Tag.Get("toml"), ",")
			switch {
			case name == "-" || !member.IsExported():
			case name == "" && (member.Anonymous || strings.Contains(options, "inline")):
				found = append(found, settingsOf(member.Type, path)...)
			default:
				if name == "" {
					name = member.Name
				}
				found = append(found, settingsOf(member.Type, strings.TrimPrefix(path+"."+name, "."))...)
			}
		}
		if len(found) == 0 {
			if path == "" {
				path = "-"
			}
			return []string{path + " mapping"}
		}
		return found
	case reflect.Bool:
		return []string{path + " bool"}
	case reflect.String:
		return []string{path + " string"}
	case reflect.Float32, reflect.Float64:
		return []string{path + " float"}
	case reflect.Interface:
		return []string{path + " any"}
	}
	if of.ConvertibleTo(reflect.TypeFor[int64]()) {
		return []string{path + " int64"}
	}
	panic(fmt.Sprintf("%s is of a kind that is not known: %s", path, of))
}
