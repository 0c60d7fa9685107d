// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// definition is the part of a CustomResourceDefinition that is needed here.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Plural string `json:"plural"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
		} `json:"versions"`
	} `json:"spec"`
}

// Definitions creates every CustomResourceDefinition in the YAML and JSON files under a folder, and waits until all of them are served. It returns how many there are.
func (c *Client) Definitions(ctx context.Context, folder string) (int, error) {
	files, err := manifests(folder)
	if err != nil {
		return 0, err
	}
	created := make([]definition, len(files))
	err = inParallel(len(files), func(index int) (err error) {
		created[index], err = c.define(ctx, files[index])
		return err
	})
	if err != nil {
		return 0, err
	}
	// By group and version: asking for every definition alone would take more of the server's time than making them.
	served := map[string][]string{}
	for _, definition := range created {
		for _, version := range definition.Spec.Versions {
			if version.Served {
				path := "/apis/" + definition.Spec.Group + "/" + version.Name
				served[path] = append(served[path], definition.Spec.Names.Plural)
			}
		}
	}
	for path, plurals := range served {
		if err := c.awaitServed(ctx, path, plurals); err != nil {
			return 0, err
		}
	}
	return len(files), nil
}

// define creates the definition in one file and returns it.
func (c *Client) define(ctx context.Context, file string) (definition, error) {
	var created definition
	content, err := os.ReadFile(file)
	if err != nil {
		return created, fmt.Errorf("sandbox: read a definition: %w", err)
	}
	// A server that is just starting refuses at first, in more than one way.
	err = Await(ctx, filepath.Base(file)+" to be accepted", func(ctx context.Context) error {
		return c.Create(ctx, definitionsPath, content, &created)
	})
	if err != nil {
		return created, err
	}
	if created.Spec.Group == "" {
		// It was there already: an earlier request was carried out although its answer got lost.
		err = c.read(ctx, content, &created)
	}
	return created, err
}

// read reads the definition that has the name of a manifest.
func (c *Client) read(ctx context.Context, manifest []byte, result *definition) error {
	var named struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := yaml.Unmarshal(manifest, &named); err != nil {
		return fmt.Errorf("sandbox: decode a definition: %w", err)
	}
	return c.Get(ctx, definitionsPath+"/"+named.Metadata.Name, result)
}

// awaitServed waits until resources of one group and version can be discovered AND listed. The condition Established alone comes a moment before both.
func (c *Client) awaitServed(ctx context.Context, path string, plurals []string) error {
	return Await(ctx, path+" to be served", func(ctx context.Context) error {
		var discovered struct {
			Resources []struct {
				Name string `json:"name"`
			} `json:"resources"`
		}
		if err := c.Get(ctx, path, &discovered); err != nil {
			return err
		}
		names := map[string]bool{}
		for _, resource := range discovered.Resources {
			names[resource.Name] = true
		}
		for _, plural := range plurals {
			if !names[plural] {
				return fmt.Errorf("sandbox: %s is not among the resources of %s", plural, path)
			}
			if err := c.Get(ctx, path+"/"+plural+"?limit=1", nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// manifests lists the YAML and JSON files under a folder, in order.
func manifests(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".json")) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: list manifests: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("sandbox: manifests in %s: got none, want some: build the sandbox again", folder)
	}
	slices.Sort(files)
	return files, nil
}

// inParallel does something for every index at the same time and returns the first error by the order of the indexes.
func inParallel(count int, do func(index int) error) error {
	problems := make([]error, count)
	var group sync.WaitGroup
	for index := range count {
		group.Go(func() { problems[index] = do(index) })
	}
	group.Wait()
	for _, problem := range problems {
		if problem != nil {
			return problem
		}
	}
	return nil
}
