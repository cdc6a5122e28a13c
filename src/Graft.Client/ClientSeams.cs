using System.Buffers.Binary;
using System.Security.Cryptography;
using Graft.Network;

namespace Graft.Client;

/// <summary>What a client is set upon. In production the machine's; in a simulation the world's.</summary>
public sealed record ClientSeams
{
    /// <summary>What moves bytes.</summary>
    public required INetwork Network { get; init; }

    /// <summary>The clock of every timeout and pause.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where the pauses between attempts are drawn from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Sockets, the machine's clock, and a seed of its own.</summary>
    /// <param name="sockets">For TLS; plain TCP if left out.</param>
    public static ClientSeams OfMachine(SocketNetworkOptions? sockets = null) => new()
    {
        Network = new SocketNetwork(sockets),
#pragma warning disable RS0030 // The one place where the machine's own are chosen.
        Time = TimeProvider.System,
        Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))),
#pragma warning restore RS0030
    };
}
