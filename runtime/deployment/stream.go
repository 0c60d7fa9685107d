// SPDX-License-Identifier: Apache-2.0

// This file hands out the objects of a deployment without holding all of them at once.

package deployment

import (
	"crypto/sha256"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// stream is a deployment whose objects are made when they are wanted. It knows which of them there are already.
type stream struct {
	deployment score.Deployment
	registry   *backend.Registry
	// repeated are the objects that an earlier one of the same content makes needless.
	repeated map[place]bool
}

// place is the number of a score, and that of an object among the score's.
type place struct{ score, object int32 }

// digest stands in for an identity or a manifest.
type digest [16]byte

func digestOf(content []byte) digest {
	sum := sha256.Sum256(content)
	return digest(sum[:16])
}

func digestOfID(id backend.ID) digest {
	// No part of an identity has a zero byte in it.
	return digestOf(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%s", id.Group, id.Version, id.Kind, id.Namespace, id.Name))
}

// newStream compiles every score once, as Compile does and with the same problems, and forgets the objects again.
func newStream(d score.Deployment, registry *backend.Registry) (*stream, diag.List, error) {
	type digests struct{ id, manifest digest }
	type known struct {
		manifest digest
		at       place
	}
	var (
		s        = &stream{deployment: d, registry: registry, repeated: map[place]bool{}}
		compile  = compiler(d, registry)
		first    = make(map[digest]known, len(d.Scores))
		problems diag.List
	)
	err := ordered(len(d.Scores), func(i int) ([]digests, error) {
		objects, err := compile(i)
		if err != nil {
			return nil, err
		}
		all := make([]digests, len(objects))
		for at, o := range objects {
			all[at] = digests{digestOfID(o.ID), digestOf(o.Manifest)}
		}
		return all, nil
	}, func(i int, all []digests) error {
		for at, o := range all {
			here := place{int32(i), int32(at)}
			before, exists := first[o.id]
			if !exists {
				first[o.id] = known{o.manifest, here}
				continue
			}
			s.repeated[here] = true
			if before.manifest == o.manifest {
				continue
			}
			a, err := compile(int(before.at.score))
			if err != nil {
				return err
			}
			b, err := compile(i)
			if err != nil {
				return err
			}
			problems = append(problems, duplicate(a[before.at.object], b[at]))
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return s, problems, nil
}

// fewObjects is how many objects that are there already go together.
const fewObjects = 32

// Each calls prepare with the deployment's objects, but for what Helm makes, some at a time and on all cores, and use with
// what prepare made of them, in the order of the objects and never two at a time. It holds few objects at once when the
// script was loaded with Options.Stream. The first error of either, in that order, ends it and is returned.
func Each[T any](loaded *Loaded, prepare func([]backend.Object) (T, error), use func(T) error) error {
	inOrder := func(_ int, value T) error { return use(value) }
	s := loaded.streamed
	if s == nil {
		objects := loaded.Objects
		return ordered((len(objects)+fewObjects-1)/fewObjects, func(i int) (T, error) {
			return prepare(objects[i*fewObjects : min((i+1)*fewObjects, len(objects))])
		}, inOrder)
	}
	compile := compiler(s.deployment, s.registry)
	return ordered(len(s.deployment.Scores), func(i int) (T, error) {
		objects, err := compile(i)
		if err != nil {
			var none T
			return none, err
		}
		return prepare(s.once(i, objects))
	}, inOrder)
}

// once leaves out what an earlier score made.
func (s *stream) once(number int, objects []backend.Object) []backend.Object {
	if len(s.repeated) == 0 {
		return objects
	}
	left := objects[:0:0]
	for at, o := range objects {
		if !s.repeated[place{int32(number), int32(at)}] {
			left = append(left, o)
		}
	}
	return left
}
