package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var word = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._/-]*`)

// A word that a set may have.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// The words of a message.
func wordsOf(text string) []string {
	var found []string
	for _, word := range word.FindAllString(text, -1) {
		found = append(found, strings.TrimRight(word, "./-"))
	}
	return found
}

// All constants that are strings in these folders of modules, as the source has them.
func constants(folders map[string][]string) []string {
	var found []string
	for module, below := range folders {
		printed, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			panic(err)
		}
		for _, folder := range below {
			root := filepath.Join(strings.TrimSpace(string(printed)), folder)
			err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
					return err
				}
				found = append(found, constantsOf(path)...)
				return nil
			})
			if err != nil {
				panic(err)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func constantsOf(path string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	var found []string
	for _, declaration := range file.Decls {
		if constants, ok := declaration.(*ast.GenDecl); ok && constants.Tok == token.CONST {
			ast.Inspect(constants, func(node ast.Node) bool {
				if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && plain.MatchString(text) {
						found = append(found, text)
					}
				}
				return true
			})
		}
	}
	return found
}
