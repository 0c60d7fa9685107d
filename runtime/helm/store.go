// SPDX-License-Identifier: Apache-2.0

// This file reads and writes the revisions of releases, which Helm keeps in Secrets.

package helm

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
)

// maxUnpacked bounds what a stored release may unpack to.
const maxUnpacked = 256 << 20

// store holds the releases of one namespace.
type store struct {
	namespace string
	secrets   kubernetes.Interface
	metadata  metadata.Interface
	// redact takes secrets out of what is stored about a failure; nil leaves it as it is.
	redact func(string) string
}

func (c *connection) store(ctx context.Context, namespace string) (*store, error) {
	secrets, err := c.typed(ctx)
	if err != nil {
		return nil, err
	}
	light, err := c.metadata(ctx)
	if err != nil {
		return nil, err
	}
	return &store{namespace: namespace, secrets: secrets, metadata: light}, nil
}

// revision is what the metadata of a stored revision tells.
type revision struct {
	number int
	status Status
	owner  string
	// secret is the name of its Secret.
	secret string
	// stored is when it was written first, heard when its content was written last, by the API server's clock.
	stored, heard time.Time
	// ours tells that harmonyscript wrote its content last.
	ours bool
}

// revisions lists those of a release, the newest first. A revision has up to a megabyte, so that only metadata are read.
func (s *store) revisions(ctx context.Context, name string) ([]revision, error) {
	selector := labels.Set{"owner": "helm", "name": name}.AsSelector().String()
	resource := corev1.SchemeGroupVersion.WithResource("secrets")
	list, err := s.metadata.Resource(resource).Namespace(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("release %s/%s: list its revisions: %w", s.namespace, name, err)
	}
	var found []revision
	for i := range list.Items {
		item := &list.Items[i]
		number, err := strconv.Atoi(item.Labels["version"])
		if err != nil || item.Name != secretName(name, number) {
			continue
		}
		writer, heard := lastWriter(&item.ObjectMeta)
		found = append(found, revision{
			number: number, status: Status(item.Labels["status"]), owner: item.Labels[OwnerLabel], secret: item.Name,
			stored: item.CreationTimestamp.Time, heard: heard, ours: writer == FieldManager,
		})
	}
	slices.SortFunc(found, func(a, b revision) int { return cmp.Compare(b.number, a.number) })
	return found, nil
}

func secretName(name string, number int) string {
	return fmt.Sprintf("%s.%s.v%d", storage.HelmStorageType, name, number)
}

// read returns a stored revision and the number of bytes that it takes.
func (s *store) read(ctx context.Context, r revision) (*helmrelease.Release, int, error) {
	secret, err := s.secrets.CoreV1().Secrets(s.namespace).Get(ctx, r.secret, metav1.GetOptions{})
	if err != nil {
		return nil, 0, fmt.Errorf("release %s: read its revision %d: %w", s.namespace, r.number, err)
	}
	packed := secret.Data["release"]
	release, err := unpack(packed)
	if err != nil {
		return nil, 0, &DamagedError{Namespace: s.namespace, Secret: r.secret, Err: err}
	}
	// Labels are kept beside the release. Helm's own are written anew from the release.
	release.Labels = map[string]string{}
	for key, value := range secret.Labels {
		if !slices.Contains(driver.GetSystemLabels(), key) {
			release.Labels[key] = value
		}
	}
	return release, len(packed), nil
}

// unpack decodes a release. The SDK's driver does not survive one that is damaged.
func unpack(packed []byte) (*helmrelease.Release, error) {
	content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(packed)))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b, 0x08}) {
		reader, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		if content, err = io.ReadAll(io.LimitReader(reader, maxUnpacked)); err != nil {
			return nil, err
		}
	}
	var release helmrelease.Release
	if err := json.Unmarshal(content, &release); err != nil {
		return nil, err
	}
	if release.Info == nil || release.Chart == nil || release.Chart.Metadata == nil {
		return nil, errIncomplete
	}
	return &release, nil
}

// driver is Helm's own way of storing revisions, under our name.
func (s *store) driver() *driver.Secrets {
	return driver.NewSecrets(signedSecrets(s.secrets, s.namespace))
}

// write replaces a stored revision.
func (s *store) write(release *helmrelease.Release) error {
	name := secretName(release.Name, release.Version)
	return confidential(s.namespace, name, s.driver().Update(name, release))
}

// drop deletes a stored revision, readable or not.
func (s *store) drop(ctx context.Context, r revision) error {
	err := s.secrets.CoreV1().Secrets(s.namespace).Delete(ctx, r.secret, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return confidential(s.namespace, r.secret, err)
}

// storage is the store as Helm's actions want it. It refuses what does not fit before anything else is changed.
func (s *store) storage(history int) *storage.Storage {
	held := storage.Init(&guarded{Secrets: s.driver(), held: s})
	held.MaxHistory = history
	return held
}

// guarded is Helm's driver with a look at the size, and with the labels that the release shall have.
type guarded struct {
	*driver.Secrets
	held *store
}

// Create stores a new revision. One that is there already, to the letter, is ours: the answer to the first attempt was lost.
func (g *guarded) Create(key string, release *helmrelease.Release) error {
	size, err := sizeOf(release)
	if err != nil {
		return err
	}
	if size > MaxReleaseSize-reserve {
		return &TooLargeError{Release: release.Namespace + "/" + release.Name, Size: size}
	}
	err = g.Secrets.Create(key, release)
	if errors.Is(err, driver.ErrReleaseExists) {
		stored, _, readErr := g.held.read(context.Background(), revision{number: release.Version, secret: key})
		if readErr == nil && same(stored, release) {
			return nil
		}
	}
	return confidential(release.Namespace, key, err)
}

// same reports whether two revisions are one. The times in them tell those of two runs apart.
func same(a, b *helmrelease.Release) bool {
	first, err := json.Marshal(a)
	if err != nil {
		return false
	}
	second, err := json.Marshal(b)
	return err == nil && bytes.Equal(first, second)
}

// Update stores a revision again. What Helm says about a failure repeats what the API server said, which may repeat a secret;
// it is cut, so that it fits.
func (g *guarded) Update(key string, release *helmrelease.Release) error {
	if redact := g.held.redact; redact != nil {
		release.Info.Description = redact(release.Info.Description)
	}
	release.Info.Description = shorten(release.Info.Description)
	return confidential(release.Namespace, key, g.Secrets.Update(key, release))
}

// Delete removes a revision.
func (g *guarded) Delete(key string) (*helmrelease.Release, error) {
	release, err := g.Secrets.Delete(key)
	return release, confidential("", key, err)
}

// shorten cuts a description to what a Secret has room for.
func shorten(text string) string {
	const most = 2000
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

func timeOf(info *helmrelease.Info) time.Time {
	return info.LastDeployed.Time.UTC().Truncate(time.Second)
}
