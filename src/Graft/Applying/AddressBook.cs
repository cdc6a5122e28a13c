using System.Buffers.Binary;
using System.Text;
using Graft.Consensus;

namespace Graft;

/// <summary>Where nodes said that they can be reached: replicated, so that whoever leads next can reach whom this leader added.</summary>
/// <remarks>Addresses are hints and never identity: a wrong one costs a connection attempt.</remarks>
internal sealed class AddressBook
{
    internal const int AddressBytesMax = 255;

    /// <summary>More than members any configuration has, their predecessors included. Whoever announces one more is refused.</summary>
    internal const int RowsMax = 1024;

    private const int RowHead = 9;

    private readonly SortedDictionary<NodeId, string> _addresses = [];

    internal IReadOnlyDictionary<NodeId, string> Addresses => _addresses;

    internal int Size => 4 + _addresses.Sum(row => RowHead + Encoding.UTF8.GetByteCount(row.Value));

    internal static byte[] Encode(NodeId node, string address)
    {
        byte[] bytes = new byte[8 + Encoding.UTF8.GetByteCount(address)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, node.Value);
        Encoding.UTF8.GetBytes(address, bytes.AsSpan(8));
        return bytes;
    }

    /// <summary>Notes an address; an empty one forgets the node.</summary>
    internal bool TryNote(ReadOnlySpan<byte> announced, out NodeId node, out string address)
    {
        (node, address) = (default, "");
        if (announced.Length is < 8 or > 8 + AddressBytesMax)
        {
            return false;
        }

        node = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(announced));
        if (announced.Length == 8)
        {
            _addresses.Remove(node);
            return true;
        }

        // Judged by its bytes: decoded, some that are no text become three times as many, and the snapshot has no room for them.
        ReadOnlySpan<byte> text = announced[8..];
        if (text.ContainsAnyExceptInRange((byte)'!', (byte)'~') || (_addresses.Count >= RowsMax && !_addresses.ContainsKey(node)))
        {
            return false;
        }

        address = Encoding.ASCII.GetString(text);
        _addresses[node] = address;
        return true;
    }

    /// <summary>Puts back what was noted before; an empty address forgets the node.</summary>
    internal void Put(NodeId node, string address)
    {
        if (address.Length == 0)
        {
            _addresses.Remove(node);
        }
        else
        {
            _addresses[node] = address;
        }
    }

    internal void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteInt32LittleEndian(into, _addresses.Count);
        into = into[4..];
        foreach ((NodeId node, string address) in _addresses)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(into, node.Value);
            int length = Encoding.UTF8.GetBytes(address, into[RowHead..]);
            into[8] = (byte)length;
            into = into[(RowHead + length)..];
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, in place of what is here. Never throws.</summary>
    internal bool TryRead(ReadOnlySpan<byte> bytes)
    {
        _addresses.Clear();
        if (bytes.Length < 4)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bytes = bytes[4..];
        for (int i = 0; i < count; i++)
        {
            if (bytes.Length < RowHead || bytes.Length < RowHead + bytes[8])
            {
                _addresses.Clear();
                return false;
            }

            _addresses[new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes))] = Encoding.UTF8.GetString(bytes.Slice(RowHead, bytes[8]));
            bytes = bytes[(RowHead + bytes[8])..];
        }

        return bytes.IsEmpty && count >= 0;
    }
}
