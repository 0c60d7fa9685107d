// SPDX-License-Identifier: Apache-2.0

// This file lists what load() could name.

package repl

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// libraryPrefix begins the names of modules of the standard library.
const libraryPrefix = "@stdlib//"

// loadable lists the modules that start with prefix, and folders with a slash at their end.
func (s *shell) loadable(prefix string) []string {
	folder := "."
	if s.options.Script != "" {
		folder = filepath.Dir(s.options.Script)
	}
	return modules(os.DirFS(folder), s.options.Stdlib, prefix)
}

// modules lists what is below prefix's folder in the script's tree or in the standard library.
func modules(tree, library fs.FS, prefix string) []string {
	root, lead := tree, ""
	var found []string
	switch {
	case strings.HasPrefix(prefix, libraryPrefix):
		root, lead = library, libraryPrefix
	case strings.HasPrefix(libraryPrefix, prefix) && library != nil:
		found = append(found, libraryPrefix)
	}
	if root == nil {
		return found
	}
	folder, _ := path.Split(strings.TrimPrefix(prefix, lead))
	name := path.Clean("./" + folder)
	if !fs.ValidPath(name) {
		return found
	}
	entries, err := fs.ReadDir(root, name)
	if err != nil {
		return found
	}
	for _, e := range entries {
		full := lead + folder + e.Name()
		switch {
		case strings.HasPrefix(e.Name(), "."), !strings.HasPrefix(full, prefix):
		case e.IsDir():
			found = append(found, full+"/")
		case path.Ext(e.Name()) == ".star":
			found = append(found, full)
		}
	}
	return found
}
