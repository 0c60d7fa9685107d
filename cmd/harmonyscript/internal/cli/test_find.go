// SPDX-License-Identifier: Apache-2.0

package cli

// This file finds test files and suites.

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/builtins"
)

// foundTests are the paths of what is to be run, each sorted.
type foundTests struct{ files, suites []string }

// findTests returns the test files and suites among paths and in the folders below them.
func findTests(paths []string) (foundTests, error) {
	var found foundTests
	var problems []error
	for _, path := range paths {
		before := len(found.files) + len(found.suites)
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
			case strings.HasSuffix(name, builtins.TestFileSuffix):
				found.files = append(found.files, name)
			case filepath.Ext(name) == ".txtar":
				found.suites = append(found.suites, name)
			case name == path:
				return fmt.Errorf("%s: got another file, want a *%s file, a .txtar file or a folder", path, builtins.TestFileSuffix)
			}
			return nil
		})
		switch {
		case err != nil:
			problems = append(problems, err)
		case len(found.files)+len(found.suites) == before:
			problems = append(problems, fmt.Errorf("%s: got no .txtar file and no *%s file, want at least one", path, builtins.TestFileSuffix))
		}
	}
	slices.Sort(found.files)
	slices.Sort(found.suites)
	return foundTests{slices.Compact(found.files), slices.Compact(found.suites)}, errors.Join(problems...)
}
