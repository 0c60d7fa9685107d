// SPDX-License-Identifier: Apache-2.0

// This file holds the collector of the objects that a compilation makes.

package backend

import (
	"errors"
	"maps"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Builder collects the objects of one score in the order in which they are added. It keeps the errors until
// the end, so that a compiler reads as the list of what it makes. The zero value with a Title is ready to use.
type Builder struct {
	// Title is the title of the score that the objects belong to.
	Title   string
	objects []Object
	errs    []error
}

// Add encodes content as NewObject does and appends it.
func (b *Builder) Add(content any, origin score.Origin) {
	object, err := NewObject(content, origin, b.Title)
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.objects = append(b.objects, object)
}

// AddSecret appends content, which describes a Secret without its data, with references to the values of its
// keys. Without references it appends nothing: an empty Secret serves nobody.
func (b *Builder) AddSecret(content any, references map[string]score.Secret, origin score.Origin) {
	if len(references) == 0 {
		return
	}
	b.Add(content, origin)
	if len(b.errs) == 0 {
		b.objects[len(b.objects)-1].Secrets = maps.Clone(references)
	}
}

// Append adds objects that another compiler made.
func (b *Builder) Append(objects []Object, err error) {
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.objects = append(b.objects, objects...)
}

// Fail records an error.
func (b *Builder) Fail(err error) { b.errs = append(b.errs, err) }

// Objects returns what was added, or all errors joined.
func (b *Builder) Objects() ([]Object, error) {
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	return b.objects, nil
}
