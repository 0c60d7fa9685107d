// SPDX-License-Identifier: Apache-2.0

package certificates_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/certificates"
)

var notAfter = time.Now().Add(5 * time.Hour)

func authority(t *testing.T) *certificates.Authority {
	t.Helper()
	made, err := certificates.NewAuthority("test", notAfter)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func parse(t *testing.T, pair certificates.Pair) *x509.Certificate {
	t.Helper()
	both, err := tls.X509KeyPair(pair.Certificate, pair.Key) // fails when they do not belong together
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(both.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestWhatAnAuthoritySigns(t *testing.T) {
	ours, other := authority(t), authority(t)
	tests := map[string]struct {
		sign         func() (certificates.Pair, error)
		usages       []x509.ExtKeyUsage
		host         string
		wantName     string
		wantGroups   []string
		wantNotUsage x509.ExtKeyUsage
	}{
		"client": {
			sign:         func() (certificates.Pair, error) { return ours.Client("somebody", "one", "two") },
			usages:       []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
			wantName:     "somebody",
			wantGroups:   []string{"one", "two"},
			wantNotUsage: x509.ExtKeyUsageServerAuth,
		},
		"server by address": {
			sign:         func() (certificates.Pair, error) { return ours.Server("server", "127.0.0.1", "localhost") },
			usages:       []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			host:         "127.0.0.1",
			wantName:     "server",
			wantNotUsage: x509.ExtKeyUsageClientAuth,
		},
		"server by name": {
			sign:         func() (certificates.Pair, error) { return ours.Server("server", "127.0.0.1", "localhost") },
			usages:       []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			host:         "localhost",
			wantName:     "server",
			wantNotUsage: x509.ExtKeyUsageClientAuth,
		},
		"peer": {
			sign:         func() (certificates.Pair, error) { return ours.Peer("member", "127.0.0.1") },
			usages:       []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
			host:         "127.0.0.1",
			wantName:     "member",
			wantNotUsage: x509.ExtKeyUsageCodeSigning,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pair, err := test.sign()
			if err != nil {
				t.Fatal(err)
			}
			certificate := parse(t, pair)
			verify := func(authority *certificates.Authority, host string, usage x509.ExtKeyUsage, at time.Time) error {
				roots := x509.NewCertPool()
				roots.AppendCertsFromPEM(authority.Certificate)
				_, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: at})
				return err
			}
			for _, usage := range test.usages {
				if err := verify(ours, test.host, usage, time.Now()); err != nil {
					t.Errorf("usage %v: %v", usage, err)
				}
				if verify(other, test.host, usage, time.Now()) == nil {
					t.Errorf("usage %v: another authority accepts it", usage)
				}
				if verify(ours, test.host, usage, notAfter.Add(time.Minute)) == nil {
					t.Errorf("usage %v: it is valid after its end", usage)
				}
				if verify(ours, "192.0.2.1", usage, time.Now()) == nil {
					t.Errorf("usage %v: it is valid for a host that it was not made for", usage)
				}
			}
			if verify(ours, test.host, test.wantNotUsage, time.Now()) == nil {
				t.Errorf("it is valid for usage %v", test.wantNotUsage)
			}
			if certificate.IsCA {
				t.Error("it can sign others")
			}
			if got := certificate.Subject.CommonName; got != test.wantName {
				t.Errorf("common name: got %q, want %q", got, test.wantName)
			}
			if got := certificate.Subject.Organization; !slices.Equal(got, test.wantGroups) {
				t.Errorf("organizations: got %q, want %q", got, test.wantGroups)
			}
		})
	}
}

func TestSigningKey(t *testing.T) {
	private, public, err := certificates.NewSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	privateBlock, _ := pem.Decode(private)
	publicBlock, _ := pem.Decode(public)
	if privateBlock == nil || publicBlock == nil {
		t.Fatalf("got no PEM: %v, %v", privateBlock, publicBlock)
	}
	key, err := x509.ParseECPrivateKey(privateBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x509.ParsePKIXPublicKey(publicBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !got.(*ecdsa.PublicKey).Equal(key.Public()) {
		t.Error("the public key is not that of the private one")
	}
	again, _, err := certificates.NewSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(private, again) {
		t.Error("two calls gave the same key")
	}
}
