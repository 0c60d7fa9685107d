// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `fmt`.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bazelbuild/buildtools/build"
	"github.com/spf13/cobra"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func newFormatCommand(f *factory) *cobra.Command {
	var checkOnly bool
	command := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Format scripts",
		Long: `Formats scripts the way buildifier does. A PATH is a script or a folder, whose .star files are formatted;
without one, the current folder. "-" reads standard input and prints the result. The paths of files that changed
are printed. With --check nothing is written and the exit code is 1 when a file would change.`,
		RunE: func(_ *cobra.Command, paths []string) error {
			return runFormat(f, checkOnly, paths)
		},
	}
	command.Flags().BoolVar(&checkOnly, "check", false, "write nothing; exit with 1 when a file is not formatted")
	f.addOutputFlags(command)
	return command
}

func runFormat(f *factory, checkOnly bool, paths []string) error {
	if len(paths) == 1 && paths[0] == "-" {
		source, err := io.ReadAll(f.streams.In)
		if err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
		formatted, problem := formatScript("<stdin>", source)
		if problem != nil {
			return f.reportDiagnostics(diag.List{*problem}, singleSource("<stdin>", source))
		}
		_, err = f.streams.Out.Write(formatted)
		return err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	files, err := findScripts(paths)
	if err != nil {
		return wrongCall("fmt: %w", err)
	}
	var failures error
	changed := false
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
		formatted, problem := formatScript(file, source)
		switch {
		case problem != nil:
			failures = errors.Join(failures, f.reportDiagnostics(diag.List{*problem}, singleSource(file, source)))
		case !bytes.Equal(source, formatted):
			changed = true
			fmt.Fprintln(f.streams.Out, file)
			if !checkOnly {
				if err := replaceFile(file, formatted); err != nil {
					return fmt.Errorf("fmt: %w", err)
				}
			}
		}
	}
	switch {
	case failures != nil:
		return exitWith(exitWrong)
	case checkOnly && changed:
		return exitWith(exitFailed)
	}
	return nil
}

// formatScript returns the formatted source, or the syntax error as a diagnostic.
func formatScript(name string, source []byte) ([]byte, *diag.Diagnostic) {
	file, err := build.ParseDefault(name, source)
	if err == nil {
		return build.FormatWithoutRewriting(file), nil
	}
	d := diag.Diagnostic{Severity: diag.Error, Code: "syntax-error", Position: score.Position{File: name}, Summary: err.Error()}
	var parseError build.ParseError
	if errors.As(err, &parseError) {
		d.Position = score.Position{File: name, Line: parseError.Pos.Line, Column: parseError.Pos.LineRune}
		d.Summary = parseError.Message
	}
	// Starlark's own parser says better what it wanted, and scripts are run by it.
	var better syntax.Error
	if _, err := (&syntax.FileOptions{Set: true, TopLevelControl: true}).Parse(name, source, 0); errors.As(err, &better) {
		d.Position = score.Position{File: name, Line: int(better.Pos.Line), Column: int(better.Pos.Col)}
		d.Summary = better.Msg
	}
	return nil, &d
}

// singleSource shows a file that does not parse.
func singleSource(name string, source []byte) diag.Sources {
	return func(file string) (string, bool) { return host.HideLikelySecrets(string(source)), file == name }
}

func findScripts(paths []string) ([]string, error) {
	var found []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !entry.IsDir() && (name == path || filepath.Ext(name) == ".star") {
				found = append(found, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// replaceFile writes beside the file and renames, so that a full disk never leaves half a script.
func replaceFile(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".harmonyscript-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(info.Mode().Perm()), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
