package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/util/feature"
)

// What is probed: values are set in documents that a program takes, one at a time, and it says whether it still does.
type target struct {
	// What its lines begin with.
	name   string
	fields []field
	// Documents that the program takes. One that has an item in a list lets fields of items be probed.
	documents []string
	// The program's own answer.
	check func(document map[string]any) error
	// Words among which values of closed sets are looked for.
	words []string
	// Further words about one field, such as its description.
	about func(path string) string
	// Paths that are not probed, since others say what they hold.
	skip []string
}

// Answers each line of the input, such as {"kube-apiserver": {"profiling": false}}, with a line: empty where it is taken.
func answer(checks map[string]func(map[string]any) error) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		said := ""
		question := make(map[string]any)
		numbers := json.NewDecoder(strings.NewReader(lines.Text()))
		// As they are written.
		numbers.UseNumber()
		if err := numbers.Decode(&question); err != nil {
			panic(err)
		}
		for name, value := range question {
			if err := checks[name](value.(map[string]any)); err != nil {
				said = strings.Join(strings.Fields("refused: "+err.Error()), " ")
			}
		}
		fmt.Println(said)
	}
}

// A word that no set has.
const nonsense = "kthwnonsense"

// What fields hold that are no closed sets: whoever takes one of these takes more than a list of words.
var formats = []string{
	"10.0.0.1", "10.0.0.0/8", "10.0.0.1:80", "fd00::1", "fd00::/64", "0.0.0.0:80", ":80", "80", "1-5", "10Mi", "100m", "1h", "0.5",
	"50%", "a=b", "a=true", "a=1", "/kthw", "kthw.example.org/a", "example.org", "unix:///kthw", "https://example.org", "1.36", "v1", "v1.30",
	"{}", "0700", "true", "a:b", "a/b", "Kthw", "system:kthw", "/kthw/*", "kthw.", "*.kthw", "claims.kthw", "[]", "^kthw$", "kthw=a:NoSchedule", "max-age=1",
}

// Prints a line for each field, and one for each mapping that has only certain keys.
func (t target) print() {
	for _, document := range t.documents {
		if err := t.check(read(document)); err != nil {
			panic(fmt.Sprintf("%s: %s\n%s", t.name, err, document))
		}
	}
	fields := t.fields
	t.fields = nil
	for _, f := range fields {
		if !slices.Contains(t.fields, f) {
			t.fields = append(t.fields, f)
		}
	}
	// What is taken with the gates of features as they are by default, or with all of them open.
	lines := t.lines()
	openGates()
	open := t.lines()
	closeGates()
	for i, line := range lines {
		fmt.Println(line[0] + either(line[1], open[i][1]))
	}
}

// What a program takes that takes one or the other.
func either(one, other string) string {
	switch {
	case one == other:
		return one
	case one == "-" || other == "-" || strings.Contains(one+other, ".."):
		return "-"
	}
	words := append(strings.Split(one, "|"), strings.Split(other, "|")...)
	slices.Sort(words)
	return strings.Join(slices.Compact(words), "|")
}

func (t target) lines() [][2]string {
	var lines [][2]string
	for _, f := range t.fields {
		values := "-"
		if !slices.Contains(t.skip, f.path) {
			values = t.values(f)
		}
		lines = append(lines, [2]string{t.name + " " + f.path + " " + f.kind + " ", values})
		if folder, ok := strings.CutSuffix(f.path, ".*"); ok && t.about == nil {
			lines = append(lines, [2]string{t.name + " " + folder + " keys ", t.keys(f)})
		}
	}
	return lines
}

// The values that a field takes, `-` where nothing is known.
func (t target) values(f field) string {
	switch f.kind {
	case "string":
		return t.set(f)
	case "int32", "int64", "uint32", "int":
		return t.ranges(f, ints(f.kind), func(value int64) any { return value }, func(value int64) string {
			return strconv.FormatInt(value, 10)
		})
	case "duration":
		return t.ranges(f, durations(), func(value int64) any { return time.Duration(value).String() }, func(value int64) string {
			return time.Duration(value).String()
		})
	}
	return "-"
}

// The closed set of words that a field takes.
func (t target) set(f field) string {
	refused := t.says(f.path, nonsense)
	if refused == "" {
		return "-"
	}
	// A value that is refused as nonsense is, is not known. One that is refused otherwise is known, and lacks company.
	known := func(value string) (known, taken bool) {
		said := t.says(f.path, value)
		return inOrder(said) != inOrder(strings.ReplaceAll(refused, nonsense, value)), said == ""
	}
	for _, value := range formats {
		if said := t.says(f.path, value); said == "" {
			return "-"
		}
	}
	candidates := append(wordsOf(refused), t.words...)
	if t.about != nil {
		candidates = append(candidates, wordsOf(t.about(f.path))...)
	}
	slices.Sort(candidates)
	candidates = slices.DeleteFunc(candidates, func(word string) bool { return word == nonsense })
	var found []string
	anyTaken := false
	for _, value := range slices.Compact(candidates) {
		if known, taken := known(value); known {
			// Where company is lacking, a word has to be one that the program itself lists.
			if taken || strings.Contains(refused, value) || t.about != nil && slices.Contains(wordsOf(t.about(f.path)), value) {
				found = append(found, value)
				anyTaken = anyTaken || taken
			}
		}
	}
	if !anyTaken {
		return "-"
	}
	for _, value := range []string{"*", ""} {
		if _, taken := known(value); taken {
			if value == "" {
				value = `""`
			}
			found = append(found, value)
		}
	}
	slices.Sort(found)
	if _, taken := known("-" + found[len(found)-1]); taken {
		found = append([]string{"[-]"}, found...)
	}
	return strings.Join(found, "|")
}

// A message with its words in order, since some list what there is in another order each time.
func inOrder(text string) string {
	return strings.Join(slices.Sorted(slices.Values(wordsOf(text))), " ")
}

// The keys of a mapping that has only certain ones.
func (t target) keys(f field) string {
	folder := strings.TrimSuffix(f.path, ".*")
	if slices.Contains(t.skip, folder) {
		return "-"
	}
	samples := map[string][]any{
		"string": {"100m", "1Gi", "10%", "true", "1h", "16"}, "bool": {true}, "int64": {1}, "int32": {1}, "quantity": {"1"},
	}[f.kind]
	says := func(key string) string {
		said := ""
		for _, sample := range samples {
			if said = t.says(folder, map[string]any{key: sample}); said == "" {
				return ""
			}
		}
		return said
	}
	refused := says(nonsense)
	if refused == "" || samples == nil || says("example.org/a") == "" || says("a") == "" {
		return "-"
	}
	var found []string
	for _, key := range slices.Compact(slices.Sorted(slices.Values(append(wordsOf(refused), t.words...)))) {
		if says(key) == "" {
			found = append(found, key)
		}
	}
	// One key alone is there because its company is.
	if len(found) < 2 {
		return "-"
	}
	return strings.Join(found, "|")
}

func ints(kind string) []int64 {
	points := []int64{
		-100000, -1001, -1000, -999, -101, -100, -2, -1, 0, 1, 2, 10, 50, 99, 100, 101, 200, 255, 256, 999, 1000, 1001, 9999, 10000, 60000,
		65535, 65536, 1000000, math.MaxInt32,
	}
	switch kind {
	case "uint32":
		return points[slices.Index(points, 0):]
	case "int32":
		return append([]int64{math.MinInt32}, points...)
	}
	return append(append([]int64{math.MinInt64}, points...), math.MaxInt64)
}

func durations() []int64 {
	var points []int64
	for _, duration := range []time.Duration{
		-87600 * time.Hour, -time.Hour, -time.Second, -1, 0, 1, time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
		999 * time.Millisecond, time.Second, 9 * time.Second, 29 * time.Second, time.Minute, 3 * time.Minute, 11 * time.Minute, time.Hour,
		25 * time.Hour, 87600 * time.Hour,
	} {
		points = append(points, int64(duration))
	}
	return points
}

// The ranges of numbers that a field takes.
func (t target) ranges(f field, points []int64, value func(int64) any, text func(int64) string) string {
	taken := func(point int64) bool { return t.says(f.path, value(point)) == "" }
	accepted := make([]bool, len(points))
	for i, point := range points {
		accepted[i] = taken(point)
	}
	if !slices.Contains(accepted, true) {
		return "-"
	}
	// Beside other values of other fields, more may be taken.
	grow := func(from, to, step int) {
		for i := from; i != to; i += step {
			if !accepted[i] && accepted[i-step] {
				accepted[i] = t.beside(f, value(points[i]))
			}
		}
	}
	grow(1, len(points), 1)
	grow(len(points)-2, -1, -1)
	if !slices.Contains(accepted, false) {
		return "-"
	}
	edge := func(in, out int64) int64 {
		for in-out > 1 || out-in > 1 {
			middle := in + (out-in)/2
			if taken(middle) || t.besideKnown(f.path, value(middle)) {
				in = middle
			} else {
				out = middle
			}
		}
		return in
	}
	var ranges []string
	for i := 0; i < len(points); i++ {
		if !accepted[i] {
			continue
		}
		from, to := "", ""
		// A bound that is no usual one depends on another field, or on the machine.
		if i > 0 {
			bound := edge(points[i], points[i-1])
			if !slices.Contains(points, bound) {
				return "-"
			}
			from = text(bound)
		}
		for i+1 < len(points) && accepted[i+1] {
			i++
		}
		if i+1 < len(points) {
			bound := edge(points[i], points[i+1])
			if !slices.Contains(points, bound) {
				return "-"
			}
			to = text(bound)
		}
		if from == to {
			ranges = append(ranges, from)
		} else {
			ranges = append(ranges, from+".."+to)
		}
	}
	if len(ranges) == 1 && !strings.Contains(ranges[0], "..") {
		return "-"
	}
	return strings.Join(ranges, "|")
}

// Documents in which other fields have other values.
var company = map[string][]map[string]any{}

// Documents in which a field's neighbours have other values.
func (t target) others(of field) []map[string]any {
	folder := func(path string) string { return path[:strings.LastIndex(path, ".")+1] }
	var documents []map[string]any
	for _, f := range t.fields {
		if f.path == of.path || folder(f.path) != folder(of.path) {
			continue
		}
		var values []any
		switch {
		case f.kind == "bool":
			values = []any{true, false}
		case f.kind != of.kind:
		case f.kind == "duration":
			values = []any{"0s", "1ns", "1h", "87600h"}
		default:
			values = []any{0, 1, 50, 99, 100, 1000, math.MaxInt32}
		}
		for _, value := range values {
			for _, document := range t.documents {
				other := read(document)
				if set(other, f.path, value) {
					documents = append(documents, other)
					break
				}
			}
		}
	}
	return documents
}

func (t target) beside(f field, value any) bool {
	if t.besideKnown(f.path, value) {
		return true
	}
	for _, document := range t.others(f) {
		with := copied(document)
		if set(with, f.path, value) && t.check(with) == nil {
			company[t.name+f.path] = append(company[t.name+f.path], document)
			return true
		}
	}
	return false
}

func (t target) besideKnown(path string, value any) bool {
	for _, document := range company[t.name+path] {
		with := copied(document)
		if set(with, path, value) && t.check(with) == nil {
			return true
		}
	}
	return false
}

// What is said to a value: nothing if any document takes it.
func (t target) says(path string, value any) string {
	said := ""
	for _, document := range t.documents {
		with := read(document)
		if !set(with, path, value) {
			continue
		}
		err := t.check(with)
		if err == nil {
			return ""
		}
		if said == "" {
			said = err.Error()
		}
	}
	return said
}

func openGates() {
	if err := feature.DefaultMutableFeatureGate.Set("AllAlpha=true,AllBeta=true"); err != nil {
		panic(err)
	}
}

func closeGates() {
	gates := feature.DefaultMutableFeatureGate
	for name := range gates.GetAll() {
		if err := gates.ResetFeatureValueToDefault(name); err != nil {
			panic(err)
		}
	}
}

func read(document string) map[string]any {
	var read map[string]any
	if err := json.Unmarshal([]byte(document), &read); err != nil {
		panic(err)
	}
	return read
}

func copied(document map[string]any) map[string]any {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return read(string(text))
}

// Sets the value of a path, in the first item of lists; false if there is no item to hold it.
func set(document map[string]any, path string, value any) bool {
	steps := strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")
	return setIn(document, steps, value) != nil
}

func setIn(holder any, steps []string, value any) any {
	if len(steps) == 0 {
		return value
	}
	switch steps[0] {
	case "[]":
		items, _ := holder.([]any)
		if len(items) == 0 {
			if len(steps) > 1 {
				return nil
			}
			return []any{value}
		}
		inner := setIn(items[0], steps[1:], value)
		if inner == nil {
			return nil
		}
		items[0] = inner
		return items
	default:
		members, _ := holder.(map[string]any)
		if members == nil {
			members = map[string]any{}
		}
		name := steps[0]
		if name == "*" {
			keys := slices.Sorted(maps.Keys(members))
			if len(keys) == 0 {
				return nil
			}
			name = keys[0]
		}
		inner := setIn(members[name], steps[1:], value)
		if inner == nil {
			return nil
		}
		members[name] = inner
		return members
	}
}
