using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage.Tests.Snapshots;

public sealed class SnapshotFormatTests
{
    private readonly Shelf _shelf = new();

    [Fact]
    public void What_is_written_is_what_is_read_whatever_the_size()
    {
        for (int length = 0; length <= (3 * Shelf.ChunkBytes) + 1; length++)
        {
            byte[] content = Shelf.Content(length);
            Snapshot put = _shelf.Put((ulong)length + 1, content);

            Assert.Equal(content, _shelf.Get(put.Last));
            Assert.Equal(_shelf.Bytes(Shelf.PathOf((ulong)length + 1)).Length, put.Bytes);
            SnapshotVerdict verdict = Verify((ulong)length + 1);
            Assert.Equal(SnapshotValidity.Valid, verdict.Validity);
            Assert.Equal(put, verdict.Description!.Snapshot);
            Assert.Equal((length + Shelf.ChunkBytes - 1) / Shelf.ChunkBytes, verdict.Description.Chunks);
            Assert.Equal(verdict.Description, SnapshotTools.Describe(_shelf.Disk, verdict.File));
        }
    }

    [Fact]
    public void The_pieces_in_which_it_is_written_leave_no_trace()
    {
        byte[] content = Shelf.Content(70);
        _shelf.Put(1, content);
        byte[] expected = _shelf.Bytes(Shelf.PathOf(1));
        for (int piece = 1; piece <= content.Length; piece++)
        {
            using SnapshotWriter writer = _shelf.Store.Create(Shelf.Group, Shelf.At(1));
            foreach (byte[] part in content.Chunk(piece))
            {
                writer.Write(part);
            }

            writer.Complete();
            Assert.Equal(expected, _shelf.Bytes(Shelf.PathOf(1)));
        }
    }

    [Fact]
    public void The_bytes_are_those_of_the_page()
    {
        _shelf.Put(0x0A, [1, 2, 3], term: 0x0B);
        byte[] bytes = _shelf.Bytes(Shelf.PathOf(0x0A, 0x0B));

        const int Header = 64 + 33 + 4;
        Assert.Equal("GRAFTSNP"u8, bytes.AsSpan(0, 8));
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)));
        Assert.Equal((uint)Header, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)));
        Assert.Equal(0xC1, bytes[16]);
        Assert.Equal(7, bytes[24]);
        Assert.Equal(0x0A, bytes[32]);
        Assert.Equal(0x0B, bytes[40]);
        Assert.Equal(1, bytes[48]);
        Assert.Equal(Shelf.ChunkBytes, bytes[56]);
        Assert.Equal(33, bytes[60]);
        uint headerCrc = Crc32C.Of(bytes.AsSpan(0, Header - 4));
        Assert.Equal(headerCrc, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Header - 4)));

        byte[] seed = [.. bytes.AsSpan(Header - 4, 4), .. new byte[8], 3, 0, 0, 0];
        Assert.Equal(3, bytes[Header]);
        Assert.Equal(
            Crc32C.Continue(Crc32C.Of(seed), [1, 2, 3]), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Header + 4)));

        const int Footer = Header + 8 + 3;
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Footer)));
        Assert.Equal(Crc32C.Of(bytes.AsSpan(0, Footer)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Footer + 4)));
        Assert.Equal(Footer + 36, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(Footer + 8)));
        Assert.Equal(3, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(Footer + 16)));
        Assert.Equal("GRAFTEND"u8, bytes.AsSpan(Footer + 28));
        Assert.Equal(Footer + 36, bytes.Length);
    }

    [Fact]
    public void A_flip_of_any_bit_is_damage_in_the_part_where_it_is()
    {
        _shelf.Put(1, Shelf.Content(40));
        byte[] bytes = _shelf.Bytes(Shelf.PathOf(1));
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            _shelf.Replace(Shelf.PathOf(1), bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));

            SnapshotFault? fault = Verify(1).Fault;
            Assert.NotNull(fault);
            Assert.Equal(SnapshotValidity.Damaged, fault.Validity);
            Assert.Equal(PartOf(bit / 8, bytes.Length), PartOf((int)fault.Offset, bytes.Length));
            Assert.NotEmpty(fault.Expected);
            Assert.NotEmpty(fault.Found);
        }
    }

    [Fact]
    public void A_file_cut_anywhere_or_with_more_behind_it_is_damaged()
    {
        _shelf.Put(1, Shelf.Content(40));
        byte[] bytes = _shelf.Bytes(Shelf.PathOf(1));
        for (int length = 0; length < bytes.Length; length++)
        {
            _shelf.Replace(Shelf.PathOf(1), bytes.AsSpan(0, length));

            Assert.Contains($"the end of the file at byte {length}", Verify(1).Fault!.Found, StringComparison.Ordinal);
            Assert.Equal(
                SnapshotError.Damaged,
                Assert.Throws<SnapshotException>(() => _shelf.Store.Open(Shelf.Group, EntryId.Of(2, 1))).Error);
        }

        _shelf.Replace(Shelf.PathOf(1), [.. bytes, 0]);
        Assert.Equal(bytes.Length, Verify(1).Fault!.Offset);
    }

    [Fact]
    public void Chunks_that_changed_places_or_files_do_not_verify()
    {
        _shelf.Put(1, Shelf.Content(48, seed: 1));
        _shelf.Put(2, Shelf.Content(48, seed: 2));
        byte[] bytes = _shelf.Bytes(Shelf.PathOf(1));
        const int Chunk = Shelf.ChunkBytes + 8;
        int first = bytes.Length - 36 - (3 * Chunk);

        byte[] swapped = [.. bytes];
        bytes.AsSpan(first, Chunk).CopyTo(swapped.AsSpan(first + Chunk));
        bytes.AsSpan(first + Chunk, Chunk).CopyTo(swapped.AsSpan(first));
        _shelf.Replace(Shelf.PathOf(1), swapped);
        Assert.Equal(first, Verify(1).Fault!.Offset);

        byte[] foreign = [.. bytes];
        _shelf.Bytes(Shelf.PathOf(2)).AsSpan(first + Chunk, Chunk).CopyTo(foreign.AsSpan(first + Chunk));
        _shelf.Replace(Shelf.PathOf(1), foreign);
        Assert.Equal(first + Chunk, Verify(1).Fault!.Offset);
    }

    [Fact]
    public void A_file_put_together_from_two_fails_by_its_own_crc()
    {
        _shelf.Put(1, Shelf.Content(48, seed: 1));
        byte[] one = _shelf.Bytes(Shelf.PathOf(1));
        _shelf.Put(1, Shelf.Content(48, seed: 2));
        byte[] other = _shelf.Bytes(Shelf.PathOf(1));

        _shelf.Replace(Shelf.PathOf(1), [.. one.AsSpan(0, 150), .. other.AsSpan(150)]);
        Assert.Equal(SnapshotValidity.Damaged, Verify(1).Validity);
        int second = one.Length - 36 - (2 * (Shelf.ChunkBytes + 8));
        _shelf.Replace(Shelf.PathOf(1), [.. one.AsSpan(0, second), .. other.AsSpan(second)]);
        Assert.Contains("a file with the CRC", Verify(1).Fault!.Expected, StringComparison.Ordinal);
    }

    [Fact] // seeded, by a budget of bytes
    public void No_bytes_make_the_parser_throw_or_accept_what_nobody_wrote()
    {
        _shelf.Put(1, Shelf.Content(100));
        byte[] valid = _shelf.Bytes(Shelf.PathOf(1));
        var random = new SeededRandom(17);
        for (long budget = 8_000_000; budget > 0;)
        {
            byte[] bytes = [.. valid];
            int changes = random.Next(1, 4);
            for (int change = 0; change < changes && bytes.Length > 0; change++)
            {
                int position = random.Next(0, bytes.Length - 1);
                bytes = random.Next(0, 4) switch
                {
                    0 => bytes[..position],
                    1 => [.. bytes, .. bytes.AsSpan(position)],
                    2 => [.. bytes.AsSpan(0, position), .. bytes.AsSpan(random.Next(0, bytes.Length))],
                    _ => Changed(bytes, position, (byte)random.NextBelow(256)),
                };
            }

            // With its own CRC right, so that what lies behind that door is tried as well.
            if (random.Chance(500) && bytes.Length > 101)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(97), Crc32C.Of(bytes.AsSpan(0, 97)));
            }

            bool isAccepted = IsAccepted(bytes, random);
            Assert.Equal(bytes.AsSpan().SequenceEqual(valid), isAccepted);
            budget -= bytes.Length + 100;
        }
    }

    private static bool IsAccepted(byte[] bytes, SeededRandom random)
    {
        using var parser = new SnapshotParser(SnapshotExpectation.Anything);
        ReadOnlySpan<byte> all = bytes;
        while (all.Length > 0)
        {
            int length = random.Next(1, all.Length);
            ReadOnlySpan<byte> piece = all[..length];
            while (parser.TryTake(ref piece, out SnapshotFault? fault) || fault is not null)
            {
                if (fault is not null)
                {
                    return false;
                }
            }

            all = all[length..];
        }

        return parser.CheckEnd() is null;
    }

    private static byte[] Changed(byte[] bytes, int position, byte value)
    {
        bytes[position] = value;
        return bytes;
    }

    // 0 header, 1 to 3 chunks, 4 footer
    private static int PartOf(int offset, int length)
    {
        const int Header = 64 + 33 + 4;
        return offset < Header ? 0 : offset >= length - 36 ? 4 : 1 + ((offset - Header) / (Shelf.ChunkBytes + 8));
    }

    private SnapshotVerdict Verify(ulong index) => SnapshotTools.Verify(_shelf.Disk, Shelf.PathOf(index));
}
