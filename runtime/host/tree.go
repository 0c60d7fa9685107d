// SPDX-License-Identifier: Apache-2.0

// This file says which file a load() means, and reads it. A script reaches only its own folder and what is
// below, and the standard library. The operating system's own confinement (os.Root) makes sure of that, for
// symbolic links too; the rules here give the clear messages.

package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const libraryPrefix = "@stdlib//"

// address is where a module is.
type address struct {
	// name is the file as positions have it.
	name string
	// path is relative to the entry script's folder, or to the library's root, with slashes.
	path string
	// library tells which of the two.
	library bool
}

// tree is what a script can load.
type tree struct {
	folder  string // of the entry script, as typed; empty for the working folder
	library fs.FS
}

func newTree(entry string, options Options) *tree {
	folder, _ := filepath.Split(entry)
	return &tree{folder: folder, library: options.Stdlib}
}

func toSlash(name string) string { return filepath.ToSlash(name) }

// resolve finds what name means in a load() of the file at from.
func (t *tree) resolve(from address, name string) (address, *diag.Diagnostic) {
	invalid := func(code, want, fix string) (address, *diag.Diagnostic) {
		return address{}, &diag.Diagnostic{Code: code, Summary: fmt.Sprintf("load: got %q, want %s", name, want), Fix: fix}
	}
	const outside = "load-outside-tree"
	const within = "a file in the folder of the entry script or below"
	rest, library := strings.CutPrefix(name, libraryPrefix)
	switch {
	case name == "":
		return invalid("load-invalid", "a file", `write load("./lib.star", "name")`)
	case library:
	case strings.HasPrefix(name, "@"):
		return invalid("load-invalid", "@stdlib//… or a file of the script's own tree", "the standard library is the only one: "+libraryPrefix)
	case strings.HasPrefix(name, "//"):
		rest, library = name[2:], from.library
	case path.IsAbs(name) || filepath.IsAbs(name) || filepath.VolumeName(name) != "":
		return invalid(outside, within, "copy the module into the script's folder and load it from there")
	case strings.Contains(name, `\`):
		return invalid("load-invalid", "a path with forward slashes", `write `+quote(strings.ReplaceAll(name, `\`, "/")))
	default:
		rest, library = path.Join(path.Dir(from.path), name), from.library
	}
	rest = path.Clean(rest)
	if !fs.ValidPath(rest) || !filepath.IsLocal(filepath.FromSlash(rest)) {
		if library {
			return invalid(outside, "a module of the standard library", "")
		}
		return invalid(outside, within, "copy the module into the script's folder and load it from there")
	}
	if path.Ext(rest) != ".star" {
		return invalid("load-invalid", "a file that ends in .star", "")
	}
	if library {
		return address{name: libraryPrefix + rest, path: rest, library: true}, nil
	}
	return address{name: t.folder + filepath.FromSlash(rest), path: rest}, nil
}

// read returns the text of a module.
func (t *tree) read(a address, limit int64) (string, *diag.Diagnostic) {
	if a.library {
		if t.library == nil {
			return "", &diag.Diagnostic{Code: "load-not-found", Summary: fmt.Sprintf("load: got %q, but this program has no standard library", a.name)}
		}
		return readFile("load", a.name, limit, func() (fs.FileInfo, error) { return fs.Stat(t.library, a.path) },
			func() (io.ReadCloser, error) { return t.library.Open(a.path) })
	}
	folder := t.folder
	if folder == "" {
		folder = "."
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", unreadable("load", a.name, err)
	}
	defer root.Close()
	local := filepath.FromSlash(a.path)
	text, problem := readFile("load", a.name, limit, func() (fs.FileInfo, error) { return root.Stat(local) },
		func() (io.ReadCloser, error) { return root.Open(local) })
	if problem != nil && leadsOutside(folder, local) {
		return "", &diag.Diagnostic{
			Code:    "load-outside-tree",
			Summary: fmt.Sprintf("load: got %q, a symbolic link that leads out of the entry script's folder", a.name),
			Fix:     "copy the module into the script's folder and load it from there",
		}
	}
	return text, problem
}

// leadsOutside reports whether following the links in local ends outside folder. It only chooses the words of a
// message; that the file is not read is the root's doing.
func leadsOutside(folder, local string) bool {
	inside, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return false
	}
	target, err := filepath.EvalSymlinks(filepath.Join(inside, local))
	if err != nil {
		return false
	}
	relative, err := filepath.Rel(inside, target)
	return err != nil || !filepath.IsLocal(relative)
}

// readEntry returns the text of the script itself, which may be anywhere.
func readEntry(name string, limit int64) (string, *diag.Diagnostic) {
	return readFile("script", name, limit, func() (fs.FileInfo, error) { return os.Stat(name) },
		func() (io.ReadCloser, error) { return os.Open(name) })
}

// readFile reads a whole regular file. It looks at the file before opening it, since opening a pipe would wait.
func readFile(who, name string, limit int64, stat func() (fs.FileInfo, error), open func() (io.ReadCloser, error)) (string, *diag.Diagnostic) {
	info, err := stat()
	if err != nil {
		return "", unreadable(who, name, err)
	}
	if !info.Mode().IsRegular() {
		kind := "something that is no regular file"
		if info.IsDir() {
			kind = "a folder"
		}
		return "", &diag.Diagnostic{Code: "file-unreadable", Summary: fmt.Sprintf("%s: got %q, which is %s, want a script file", who, name, kind)}
	}
	file, err := open()
	if err != nil {
		return "", unreadable(who, name, err)
	}
	defer file.Close()
	// The size is only what to expect: the file may be written to at this moment.
	var content strings.Builder
	content.Grow(int(min(max(info.Size(), 0), limit)) + 1)
	if _, err := io.Copy(&content, io.LimitReader(file, limit+1)); err != nil {
		return "", unreadable(who, name, err)
	}
	if int64(content.Len()) > limit {
		return "", tooLargeFile(who, name, limit)
	}
	return content.String(), nil
}

func tooLargeFile(who, name string, limit int64) *diag.Diagnostic {
	return &diag.Diagnostic{
		Code:    "file-too-large",
		Summary: fmt.Sprintf("%s: got %q of more than %d bytes", who, name, limit),
		Fix:     "split the file into modules, or raise the limit of the file size",
	}
}

func unreadable(who, name string, err error) *diag.Diagnostic {
	if errors.Is(err, fs.ErrNotExist) {
		code := "file-unreadable"
		if who == "load" {
			code = "load-not-found"
		}
		return &diag.Diagnostic{Code: code, Summary: fmt.Sprintf("%s: got %q, but there is no such file", who, name)}
	}
	// The cause without the path, which the summary has already.
	cause := err
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		cause = pathError.Err
	}
	return &diag.Diagnostic{Code: "file-unreadable", Summary: fmt.Sprintf("%s: cannot read %q", who, name), Detail: cause.Error()}
}

// checkText refuses what the scanner would misread: it takes a zero byte for the end of the file.
func checkText(name, text string) *diag.Diagnostic {
	line, column := 1, 1
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return encodingProblem(name, line, column, fmt.Sprintf("the byte 0x%02X, which is no UTF-8", text[i]))
			}
		}
		switch r {
		case 0:
			return encodingProblem(name, line, column, "a zero byte")
		case '\n':
			line, column = line+1, 0
		}
		column++
	}
	return nil
}

func encodingProblem(name string, line, column int, got string) *diag.Diagnostic {
	return &diag.Diagnostic{
		Severity: diag.Error, Code: "invalid-encoding", Position: score.Position{File: name, Line: line, Column: column},
		Summary: "script: got " + got + ", want UTF-8 text",
		Fix:     "save the file as UTF-8",
	}
}
