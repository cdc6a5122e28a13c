using Graft.Consensus;

namespace Graft.Network.Tests.Codecs;

public sealed class MessageCodecTests
{
    public static TheoryData<MessageKind> Kinds => new(RandomMessages.Kinds);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_decoded_is_what_was_encoded(MessageKind kind)
    {
        for (ulong seed = 1; seed <= 500; seed++)
        {
            var random = new SeededRandom(seed);
            var group = new GroupId(RandomMessages.Number(random));
            Message message = RandomMessages.Draw(random, kind, out WireEntry[] entries);

            byte[] frame = RandomMessages.Encode((group, message, entries));
            List<PeerMessage> decoded = Decode(frame.AsSpan(FrameHeader.Size));

            PeerMessage only = Assert.Single(decoded);
            Assert.Equal(group, only.Group);
            Assert.Equal(message with { Membership = null, Snapshot = null }, only.Message with { Membership = null, Snapshot = null });
            Assert.Equal(message.Membership, only.Message.Membership);
            Assert.Equal(message.Snapshot, only.Message.Snapshot);
            AssertEqual(entries, only.Entries);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_part_of_a_message_is_a_message(MessageKind kind)
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            Message message = RandomMessages.Draw(new SeededRandom(seed), kind, out WireEntry[] entries);
            byte[] body = RandomMessages.Encode((new GroupId(1), message, entries))[FrameHeader.Size..];

            for (int length = 1; length < body.Length; length++)
            {
                Assert.Empty(Decode(body.AsSpan(0, length)));
            }
        }
    }

    [Fact]
    public void A_heartbeat_takes_the_bytes_that_the_page_shows()
    {
        var heartbeat = new Message
        {
            Kind = MessageKind.Heartbeat,
            Cluster = RandomMessages.Ends.Cluster,
            From = RandomMessages.Ends.From,
            To = RandomMessages.Ends.To,
            FromIncarnation = RandomMessages.Ends.FromIncarnation,
            ToIncarnation = new Incarnation(2),
            Term = new Term(5),
            Commit = new LogIndex(300),
            Round = 9,
        };

        byte[] body = RandomMessages.Encode((new GroupId(1), heartbeat, []))[FrameHeader.Size..];

        // kind, fields, group, receiver's life, term, commit, round
        Assert.Equal(new byte[] { 7, 0x60, 0x08, 1, 2, 5, 0xAC, 0x02, 9 }, body);
    }

    [Fact]
    public void The_numbers_of_kinds_and_reasons_are_those_of_the_page()
    {
        Assert.Equal(1, (int)MessageKind.PreVote);
        Assert.Equal(5, (int)MessageKind.AppendEntries);
        Assert.Equal(11, (int)MessageKind.TimeoutNow);
        Assert.Equal(13, (int)MessageKind.ReadIndexReply);
        Assert.Equal(13, Enum.GetValues<MessageKind>().Max(kind => (int)kind));
        Assert.Equal(12, (int)MessageReason.OtherLogKind);
        Assert.Equal(12, Enum.GetValues<MessageReason>().Max(reason => (int)reason));
        Assert.Equal(63, Enum.GetValues<MessageFlags>().Sum(flag => (int)flag));
    }

    internal static List<PeerMessage> Decode(ReadOnlySpan<byte> body)
    {
        var pool = new BlockPool();
        Block block = pool.Open(body.Length);
        body.CopyTo(block.Memory.Span);
        var decoded = new List<PeerMessage>();
        return PeerReceiver.TryDecode(block, RandomMessages.Ends, pool, decoded) ? decoded : [];
    }

    internal static void AssertEqual(ReadOnlySpan<WireEntry> expected, ReadOnlySpan<WireEntry> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i] with { Payload = default }, actual[i] with { Payload = default });
            Assert.True(expected[i].Payload.Span.SequenceEqual(actual[i].Payload.Span));
        }
    }
}
