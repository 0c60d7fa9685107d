// SPDX-License-Identifier: Apache-2.0

// Package certificates makes the sandbox's own certificate authorities and what they sign. Nothing in it is written to disk: the caller decides where
// the PEM goes and with which permissions.
package certificates

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// clockSkew is how far back validity starts, so that a clock that is set back a little does not refuse a certificate made just now.
const clockSkew = time.Hour

// Pair is a certificate and its private key, both PEM-encoded.
type Pair struct {
	Certificate []byte
	Key         []byte
}

// Authority signs certificates. Its own certificate is what others trust.
type Authority struct {
	// Pair holds the authority's own certificate and key.
	Pair

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	notAfter    time.Time
}

// NewAuthority makes a self-signed authority with this common name. It and everything that it signs is valid until notAfter.
func NewAuthority(commonName string, notAfter time.Time) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: commonName}, notAfter)
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("certificates: sign authority %q: %w", commonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificates: read back authority %q: %w", commonName, err)
	}
	pair, err := encode(der, key)
	if err != nil {
		return nil, err
	}
	return &Authority{Pair: pair, certificate: certificate, key: key, notAfter: notAfter}, nil
}

// Client signs a client certificate. Kubernetes reads the common name as the user and the organizations as its groups.
func (a *Authority) Client(commonName string, organizations ...string) (Pair, error) {
	return a.sign(pkix.Name{CommonName: commonName, Organization: organizations}, nil, x509.ExtKeyUsageClientAuth)
}

// Server signs a serving certificate for these hosts (IP addresses or DNS names).
func (a *Authority) Server(commonName string, hosts ...string) (Pair, error) {
	return a.sign(pkix.Name{CommonName: commonName}, hosts, x509.ExtKeyUsageServerAuth)
}

// Peer signs a certificate that both serves and calls, as the members of an etcd cluster need.
func (a *Authority) Peer(commonName string, hosts ...string) (Pair, error) {
	return a.sign(pkix.Name{CommonName: commonName}, hosts, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
}

func (a *Authority) sign(subject pkix.Name, hosts []string, usages ...x509.ExtKeyUsage) (Pair, error) {
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	template, err := newTemplate(subject, a.notAfter)
	if err != nil {
		return Pair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = usages
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return Pair{}, fmt.Errorf("certificates: sign %q: %w", subject.CommonName, err)
	}
	return encode(der, key)
}

// NewSigningKey makes a key pair for signing service account tokens: the private key and, for those who only verify, the public one.
func NewSigningKey() (private, public []byte, err error) {
	key, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	pair, err := encode(nil, key)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("certificates: encode public key: %w", err)
	}
	return pair.Key, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// newKey makes a P-256 key: RSA keys of the same strength take up to a second each, which would be felt in the start-up.
func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificates: make a key: %w", err)
	}
	return key, nil
}

func newTemplate(subject pkix.Name, notAfter time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("certificates: make a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    time.Now().Add(-clockSkew),
		NotAfter:     notAfter,
	}, nil
}

func encode(certificate []byte, key *ecdsa.PrivateKey) (Pair, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("certificates: encode key: %w", err)
	}
	pair := Pair{Key: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})}
	if certificate != nil {
		pair.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	}
	return pair, nil
}
