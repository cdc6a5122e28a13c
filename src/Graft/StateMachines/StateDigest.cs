using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Graft;

/// <summary>Digests for state machines that have no better one.</summary>
public static class StateDigest
{
    /// <summary>The digest of a captured state, over the bytes that it writes.</summary>
    /// <param name="image">A state that writes the same bytes wherever it is the same. It's disposed with the digest.</param>
    public static IStateDigest Of(IStateImage image) => new ImageDigest(image);

    /// <summary>A digest that is known already.</summary>
    /// <param name="value">The number that is compared.</param>
    public static IStateDigest Of(UInt128 value) => new KnownDigest(value);

    /// <summary>The first half of the bytes' SHA-256, as a big-endian number. Any thread.</summary>
    /// <param name="bytes">What stands for the state: the same bytes wherever it is the same.</param>
    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private sealed class KnownDigest(UInt128 value) : IStateDigest
    {
        public ValueTask<UInt128> ComputeAsync(CancellationToken cancellation) => ValueTask.FromResult(value);

        public void Dispose()
        {
        }
    }

    private sealed class ImageDigest(IStateImage image) : IStateDigest
    {
        public async ValueTask<UInt128> ComputeAsync(CancellationToken cancellation)
        {
            using var hash = SHA256.Create();
            await using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
            {
                await image.WriteAsync(stream, cancellation);
            }

            return BinaryPrimitives.ReadUInt128BigEndian(hash.Hash);
        }

        public void Dispose() => image.Dispose();
    }
}
