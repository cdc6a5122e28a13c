using System.Buffers.Binary;
using System.Text;
using Graft.Consensus;

namespace Graft;

/// <summary>The node's own state as rows of a disk state machine: what changed since the last commit, and all of it at an open.</summary>
/// <remarks>
/// <code>
/// kind      key                        value                    (integers in values are little-endian)
/// head      1                          version u32, 1; cluster u64; group u64; term u64; index u64; time of the last command i64;
///                                      session clock i64
/// address   2, node                    the address, UTF-8
/// session   3, session                 last used i64, floor u64, lifetime i64
/// answer    4, session, number         index u64, fenced u8, answer
/// </code>
/// </remarks>
internal sealed class StateRows(GroupState state, MachineContext context)
{
    private const uint Version = 1;
    private const int HeadSize = 52;

    private readonly SortedSet<StateKey> _changed = new(StateKey.Order);

    /// <summary>A row isn't what it was at the last commit, or isn't there any more.</summary>
    internal void Note(StateKey key) => _changed.Add(key);

    /// <summary>What changed since the last call, for a commit at an entry.</summary>
    internal StateCommit TakeChanges(EntryId applied) => Take(applied, replacesRows: false);

    /// <summary>Everything, for the commit that ends a restore.</summary>
    internal StateCommit TakeAll(EntryId applied)
    {
        _changed.Clear();
        foreach (NodeId node in state.Addresses.Addresses.Keys)
        {
            Note(new StateKey(StateRowKind.Address, node.Value));
        }

        state.Sessions.NoteAll(this);
        return Take(applied, replacesRows: true);
    }

    /// <summary>Takes over what an earlier process committed.</summary>
    /// <returns>The last entry in it; zero if there are no rows.</returns>
    /// <exception cref="InvalidDataException">It's another's, a newer program's, or no such rows at all.</exception>
    internal EntryId Load(IReadOnlyList<StateRow> rows)
    {
        if (rows.Count == 0)
        {
            return EntryId.Zero;
        }

        EntryId? applied = null;
        var answers = new List<(StateKey Key, ReadOnlyMemory<byte> Value)>();
        foreach (StateRow row in rows)
        {
            if (row.Value is not { } value || !StateKey.TryRead(row.Key.Span, out StateKey key))
            {
                throw Unreadable($"the row {Convert.ToHexString(row.Key.Span)} has no form that is known");
            }

            switch (key.Kind)
            {
                case StateRowKind.Head:
                    applied = LoadHead(value.Span);
                    break;
                case StateRowKind.Address:
                    state.Addresses.Put(new NodeId(key.Owner), Encoding.UTF8.GetString(value.Span));
                    break;
                case StateRowKind.Session:
                    Require(state.Sessions.TryReadRow(key, value), key);
                    break;
                default:
                    answers.Add((key, value));
                    break;
            }
        }

        foreach ((StateKey key, ReadOnlyMemory<byte> value) in answers)
        {
            Require(state.Sessions.TryReadRow(key, value), key);
        }

        return applied ?? throw Unreadable("the row with the place in the log is missing");
    }

    private StateCommit Take(EntryId applied, bool replacesRows)
    {
        var rows = new List<StateRow>(_changed.Count + 1) { new(new StateKey(StateRowKind.Head).ToBytes(), Head(applied)) };
        foreach (StateKey key in _changed)
        {
            ReadOnlyMemory<byte>? value = key.Kind != StateRowKind.Address ? state.Sessions.RowOf(key)
                : state.Addresses.Addresses.TryGetValue(new NodeId(key.Owner), out string? address) ? Encoding.UTF8.GetBytes(address)
                : null;
            rows.Add(new StateRow(key.ToBytes(), value));
        }

        _changed.Clear();
        return new StateCommit(applied, rows, replacesRows);
    }

    private byte[] Head(EntryId applied)
    {
        byte[] bytes = new byte[HeadSize];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4), context.Cluster.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), context.Group.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(20), applied.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(28), applied.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(36), state.WallTicks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(44), state.Sessions.Clock);
        return bytes;
    }

    private EntryId LoadHead(ReadOnlySpan<byte> bytes)
    {
        uint version = bytes.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (version != Version || bytes.Length != HeadSize)
        {
            throw Unreadable($"it has version {version} in {bytes.Length} bytes; this program reads version {Version}");
        }

        var cluster = new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[4..]));
        var group = new GroupId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]));
        if (cluster != context.Cluster || group != context.Group)
        {
            throw Unreadable($"it belongs to {group} of {cluster}, and this is {context.Group} of {context.Cluster}");
        }

        state.Begin(BinaryPrimitives.ReadInt64LittleEndian(bytes[36..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[44..]));
        return EntryId.Of(BinaryPrimitives.ReadUInt64LittleEndian(bytes[20..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[28..]));
    }

    private static void Require(bool isRead, StateKey key)
    {
        if (!isRead)
        {
            throw Unreadable($"{key} doesn't parse");
        }
    }

    private static InvalidDataException Unreadable(string why) => new($"The state on this disk can't be gone on with: {why}.");
}
