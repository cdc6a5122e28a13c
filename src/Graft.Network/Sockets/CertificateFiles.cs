using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>Our certificate and the authorities, read anew whenever their files have changed.</summary>
/// <remarks>
/// The bytes are compared and not the times of the files: a copy may keep its time, and a clock may go back. A file that can't be read, half written,
/// say, changes nothing: the certificate of before stays.
/// </remarks>
internal sealed class CertificateFiles
{
    private readonly TlsOptions _options;
    private readonly Action<NetworkEvent>? _happened;
    private readonly List<Action<NetworkEvent>> _watchers = [];
    private readonly Lock _gate = new();
    private byte[][] _bytes = [];
    private SslStreamCertificateContext? _own;
    private X509Certificate2Collection? _authorities;
    private string _lastError = "";

    internal CertificateFiles(TlsOptions options, Action<NetworkEvent>? happened) => (_options, _happened) = (options, happened);

    /// <returns>Ends it.</returns>
    internal IDisposable Watch(Action<NetworkEvent> watcher)
    {
        lock (_gate)
        {
            _watchers.Add(watcher);
        }

        return new Watching(this, watcher);
    }

    /// <exception cref="IOException">They were never readable.</exception>
    internal (SslStreamCertificateContext Own, X509ChainPolicy? Policy) Read()
    {
        lock (_gate)
        {
            try
            {
                Refresh_NeedsLock();
            }
#pragma warning disable CA1031 // Whatever is wrong with a file (its key is missing, say), it's no reason to lose the certificate that there is.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (_own is null)
                {
                    throw new IOException($"The certificate {_options.CertificatePath} can't be read: {exception.Message}", exception);
                }

                if (_lastError != exception.Message)
                {
                    _lastError = exception.Message;
                    Tell($"{_options.CertificatePath} can't be read, and the certificate of before stays: {exception.Message}");
                }
            }

            Invariant.Check(_own is not null);
            return (_own, PolicyOf(_authorities));
        }
    }

    /// <summary>What a listener tells TLS.</summary>
    /// <exception cref="IOException">They were never readable.</exception>
    internal SslServerAuthenticationOptions ReadForServer()
    {
        (SslStreamCertificateContext own, X509ChainPolicy? policy) = Read();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = own,
            ClientCertificateRequired = _options.RequiresClientCertificate,
            CertificateChainPolicy = policy,
        };
    }

    private void Refresh_NeedsLock()
    {
        byte[][] bytes =
        [
            File.ReadAllBytes(_options.CertificatePath),
            _options.KeyPath is null ? [] : File.ReadAllBytes(_options.KeyPath),
            _options.AuthorityPath is null ? [] : File.ReadAllBytes(_options.AuthorityPath),
        ];
        if (_own is not null && bytes.Zip(_bytes).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)))
        {
            return;
        }

        SslStreamCertificateContext own = Load(bytes[0], bytes[1]);
        X509Certificate2Collection? authorities = null;
        if (_options.AuthorityPath is not null)
        {
            authorities = [];
            authorities.ImportFromPem(Text(bytes[2]));
            if (authorities.Count == 0)
            {
                throw new CryptographicException($"{_options.AuthorityPath} holds no certificate.");
            }
        }

        bool isFirst = _own is null;
        (_bytes, _own, _authorities, _lastError) = (bytes, own, authorities, "");
        if (!isFirst)
        {
            Tell($"{_options.CertificatePath} was read anew: {own.TargetCertificate.Subject}.");
        }
    }

    private SslStreamCertificateContext Load(byte[] certificate, byte[] key)
    {
        bool isPem = certificate.AsSpan().IndexOf("-----BEGIN"u8) >= 0;
        if (!isPem)
        {
            return SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(certificate, _options.Password), null, offline: true);
        }

        string pem = Text(certificate);
        var own = X509Certificate2.CreateFromPem(pem, key.Length > 0 ? Text(key) : pem);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);

        // The TLS of Windows takes no key that lives in memory alone.
        if (OperatingSystem.IsWindows())
        {
            own = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
        }

        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    private static X509ChainPolicy? PolicyOf(X509Certificate2Collection? authorities)
    {
        if (authorities is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private void Tell(string text)
    {
        var what = new NetworkEvent(NetworkEventKind.Certificate, "", null, text);
        foreach (Action<NetworkEvent> watcher in _happened is null ? _watchers : [.. _watchers, _happened])
        {
            try
            {
                watcher(what);
            }
#pragma warning disable CA1031 // The application's code, on the way of a handshake that it has no part in.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
    }

    private sealed class Watching(CertificateFiles files, Action<NetworkEvent> watcher) : IDisposable
    {
        public void Dispose()
        {
            lock (files._gate)
            {
                files._watchers.Remove(watcher);
            }
        }
    }
}
