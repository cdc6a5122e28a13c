using System.Buffers.Binary;

namespace Graft;

/// <summary>What the node itself replicates with the application's state: sessions, addresses and the log's time.</summary>
/// <remarks>
/// In a snapshot it comes before the state machine's bytes:
/// <code>
/// offset  size  field                                   (integers are little-endian)
///      0     4  version, 1
///      4     8  the time of the last command, 100 ns since 1970-01-01
///     12     4  length of the address book, a
///     16     8  length of the session table, s
///     24     a  the address book
///   24+a     s  the session table
/// </code>
/// </remarks>
internal sealed class GroupState
{
    private const uint Version = 1;
    private const int HeadSize = 24;

    internal SessionTable Sessions { get; } = new();

    internal AddressBook Addresses { get; } = new();

    /// <summary>The time of the last command. No command is told an earlier one.</summary>
    internal long WallTicks { get; private set; }

    /// <summary>Goes on from clocks that an earlier process left.</summary>
    internal void Begin(long wallTicks, long sessionClock)
    {
        WallTicks = wallTicks;
        Sessions.Begin(sessionClock);
    }

    /// <summary>The time that a command with this stamp is told.</summary>
    internal DateTimeOffset Advance(long wallTicks)
    {
        // A leader whose clock is behind its predecessor's is lifted to it. A stamp that no calendar has is cut to the last one that has.
        WallTicks = Math.Clamp(Math.Max(WallTicks, wallTicks), 0, DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks);
        return DateTimeOffset.UnixEpoch.AddTicks(WallTicks);
    }

    internal byte[] Encode()
    {
        int addresses = Addresses.Size;
        long sessions = Sessions.Size;
        byte[] bytes = new byte[HeadSize + addresses + sessions];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), WallTicks);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), addresses);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), sessions);
        Addresses.Write(bytes.AsSpan(HeadSize));
        Sessions.Write(bytes.AsSpan(HeadSize + addresses));
        return bytes;
    }

    /// <summary>Reads the head of a snapshot's content; what follows is the state machine's.</summary>
    /// <exception cref="InvalidDataException">The content was written by a newer program, or by a mistaken one: its checksums are right.</exception>
    internal void Restore(Stream content)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        content.ReadExactly(head);
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(head);
        int addresses = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
        long sessions = BinaryPrimitives.ReadInt64LittleEndian(head[16..]);
        if (version != Version)
        {
            throw new InvalidDataException($"The snapshot's state has version {version}; this program reads {Version}.");
        }

        // Believed no further than there are bytes: a length alone allocates nothing.
        if (addresses < 0 || sessions < 0 || sessions > content.Length - HeadSize - addresses)
        {
            throw new InvalidDataException($"The snapshot's state speaks of {addresses} and {sessions} bytes, and the snapshot has {content.Length}.");
        }

        WallTicks = BinaryPrimitives.ReadInt64LittleEndian(head[4..]);
        byte[] body = new byte[addresses + sessions];
        content.ReadExactly(body);
        if (!Addresses.TryRead(body.AsSpan(0, addresses)) || !Sessions.TryRead(body.AsSpan(addresses)))
        {
            throw new InvalidDataException("The snapshot's sessions or addresses don't parse, though its checksums are right.");
        }
    }
}
