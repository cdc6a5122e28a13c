using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Storage.Tests.Snapshots;

namespace Graft.Storage.Tests.Fuzzing;

public sealed class SnapshotFuzzTests
{
    private static readonly Lazy<byte[][]> Bases = new(() => [File(0), File(5), File(100), File(3000)]);

    [Fact]
    public void Spoiled_and_forged_snapshot_files_are_read_or_refused() => Fuzz.Run(2 << 20, allocationPerByte: 2048, random =>
    {
        byte[] bytes = Mutated(random);
        var shelf = new Shelf();
        shelf.Replace(Shelf.PathOf(9), bytes);
        shelf.Put(4, Shelf.Content(20));
        try
        {
            _ = SnapshotTools.Verify(shelf.Memory, Shelf.PathOf(9)).ToString();
            _ = shelf.Store.List(Shelf.Group);
            ReadAll(shelf);
            _ = SnapshotTools.Describe(shelf.Memory, Shelf.PathOf(9));
        }
        catch (SnapshotException)
        {
            // By the book.
        }

        try
        {
            Snapshot? found = shelf.Store.FindNewestValid(Shelf.Group, shelf.Warnings);
            Assert.NotNull(found);
            Assert.Equal(SnapshotTools.Describe(shelf.Memory, Shelf.PathOf(found.Last.Index.Value)).ContentBytes, shelf.Get(found.Last).Length);
        }
        catch (SnapshotException refused)
        {
            Assert.Contains(refused.Error, (SnapshotError[])[SnapshotError.OtherCluster, SnapshotError.UnknownFormat]);
        }

        return bytes.Length;
    });

    [Fact]
    public void A_receiver_takes_no_byte_that_does_not_verify() => Fuzz.Run(2 << 20, allocationPerByte: 2048, random =>
    {
        byte[] sound = Bases.Value[random.Next(0, 3)];
        byte[] bytes = Mutated(random);
        var shelf = new Shelf();
        using SnapshotReceiver receiver = shelf.Store.OpenReceive(Shelf.Group, Shelf.At(9) with { Bytes = random.Chance(500) ? bytes.Length : sound.Length });
        for (int i = 0; i < 400 && !receiver.IsWhole; i++)
        {
            long from = random.Chance(950) ? receiver.ResumeOffset : (long)(Fuzz.Pick(random) >> 1);
            int at = (int)Math.Min(from, bytes.Length);
            SnapshotReceipt receipt = receiver.Write(from, bytes.AsSpan(at, Math.Min(random.Next(0, 500), bytes.Length - at)));
            Assert.InRange(receipt.ResumeOffset, 0, receiver.TotalBytes);
        }

        if (receiver.IsWhole)
        {
            receiver.Complete();
            Assert.Equal(SnapshotValidity.Valid, SnapshotTools.Verify(shelf.Memory, Shelf.PathOf(9)).Validity);
        }

        return bytes.Length;
    });

    [Fact]
    public void Bytes_that_pass_for_a_membership_are_its_one_encoding() => Fuzz.Run(1 << 20, allocationPerByte: 512, random =>
    {
        byte[] bytes = new byte[random.Next(0, 64)];
        int members = bytes.Length / 10;
        for (int i = 0; i < bytes.Length; i++)
        {
            // Mostly plausible: or nothing would get beyond the first byte.
            bytes[i] = i == 0 ? (byte)1 : i == 1 ? (byte)members : (i - 3) % 10 >= 8 ? (byte)random.Next(0, 4) : (byte)(i == 2 || random.Chance(800) ? 0 : i);
        }

        bytes = random.Chance(300) ? Fuzz.Spoil(random, bytes, bytes) : random.Chance(800) && bytes.Length > 3 ? bytes[..(3 + ((bytes.Length - 3) / 10 * 10))] : bytes;
        if (bytes.Length > 3 && (bytes.Length - 3) % 10 == 0 && random.Chance(800))
        {
            bytes[1] = (byte)((bytes.Length - 3) / 10);
            for (int i = 3; i < bytes.Length; i += 10)
            {
                bytes[i] = (byte)i;
            }
        }

        if (MembershipCodec.TryRead(bytes, out Membership membership, out string error))
        {
            byte[] again = new byte[MembershipCodec.GetSize(membership)];
            MembershipCodec.Write(membership, again);
            Assert.Equal(bytes, again);
        }
        else
        {
            Assert.NotEmpty(error);
        }

        return bytes.Length + 1;
    });

    private static byte[] Mutated(SeededRandom random)
    {
        byte[] bytes = [.. Bases.Value[random.Next(0, 3)]];
        if (random.Chance(500))
        {
            return Fuzz.Spoil(random, bytes, Bases.Value[random.Next(0, 3)]);
        }

        // A field of the header, with a checksum that is right.
        int headerBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        int at = random.Next(2, (headerBytes / 4) - 2) * 4;
        if (random.Chance(500))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)(Fuzz.Pick(random) & uint.MaxValue));
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), Fuzz.Pick(random));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(headerBytes - 4), Crc32C.Of(bytes.AsSpan(0, headerBytes - 4)));
        return bytes;
    }

    private static void ReadAll(Shelf shelf)
    {
        using SnapshotReader reader = shelf.Store.Open(Shelf.Group, EntryId.Of(2, 9));
        byte[] buffer = new byte[256];
        while (reader.Read(buffer) > 0)
        {
        }

        for (long at = 0; reader.ReadRaw(at, buffer) is > 0 and int read;)
        {
            at += read;
        }
    }

    private static byte[] File(int content)
    {
        var shelf = new Shelf();
        shelf.Put(9, Shelf.Content(content));
        return shelf.Bytes(Shelf.PathOf(9));
    }
}
