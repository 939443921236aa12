// Prints what programs of Kubernetes take: fields of their configurations, and values of their flags.
//
// It is built within the module of a release, together with the file that names the programs:
//
//	cd tests/real/programs/kubernetes-1.36 && go run ../values/{kinds,probe,words,configurations}.go
//
// This file finds out which fields there are, and of what kind, by reflection over the published types.
package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	logs "k8s.io/component-base/logs/api/v1"
)

// A field by its path, `[]` for an item of a list and `*` for a value of a mapping, and the kind of its values.
type field struct {
	path string
	kind string
}

var special = map[reflect.Type]string{
	reflect.TypeFor[meta.Duration]():           "duration",
	reflect.TypeFor[logs.TimeOrMetaDuration](): "duration-or-int",
	reflect.TypeFor[resource.Quantity]():       "quantity",
	reflect.TypeFor[resource.QuantityValue]():  "quantity",
	reflect.TypeFor[intstr.IntOrString]():      "int-or-string",
	reflect.TypeFor[runtime.RawExtension]():    "any",
	reflect.TypeFor[runtime.Unknown]():         "any",
	reflect.TypeFor[meta.Time]():               "string",
}

// The fields of a type, depth first.
func fieldsOf(of reflect.Type, path string) []field {
	if kind, ok := special[of]; ok {
		return []field{{path, kind}}
	}
	if of.Kind() != reflect.Pointer && reflect.PointerTo(of).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return []field{{path, "any"}}
	}
	switch of.Kind() {
	case reflect.Pointer:
		return fieldsOf(of.Elem(), path)
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return []field{{path, "string"}}
		}
		return fieldsOf(of.Elem(), path+"[]")
	case reflect.Map:
		return fieldsOf(of.Elem(), path+".*")
	case reflect.Struct:
		return members(of, path)
	case reflect.Bool:
		return []field{{path, "bool"}}
	case reflect.String:
		return []field{{path, "string"}}
	case reflect.Float32, reflect.Float64:
		return []field{{path, "float"}}
	case reflect.Int, reflect.Int64:
		return []field{{path, "int64"}}
	case reflect.Int32:
		return []field{{path, "int32"}}
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return []field{{path, "uint32"}}
	case reflect.Interface:
		return []field{{path, "any"}}
	}
	panic(fmt.Sprintf("%s is of a kind that is not known: %s", path, of))
}

func members(of reflect.Type, path string) []field {
	var found []field
	for i := range of.NumField() {
		member := of.Field(i)
		name, options, _ := strings.Cut(member.Tag.Get("json"), ",")
		switch {
		case name == "-" || !member.IsExported():
		case name == "" && (member.Anonymous || strings.Contains(options, "inline")):
			found = append(found, fieldsOf(member.Type, path)...)
		default:
			if name == "" {
				name = member.Name
			}
			found = append(found, fieldsOf(member.Type, strings.TrimPrefix(path+"."+name, "."))...)
		}
	}
	if len(found) == 0 {
		return []field{{path, "mapping"}}
	}
	return found
}
