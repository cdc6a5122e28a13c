namespace Graft.Consensus.Tests.Units;

public sealed class MembershipCodecTests
{
    [Fact]
    public void What_is_written_is_what_is_read()
    {
        var random = new SeededRandom(7);
        for (int run = 0; run < 2_000; run++)
        {
            Membership membership = Draw(random, random.Next(0, 9));

            Assert.True(MembershipCodec.TryRead(Encode(membership), out Membership read, out string error), error);
            Assert.Equal(membership, read);
        }
    }

    [Fact]
    public void The_bytes_are_those_of_the_page()
    {
        var membership = Membership.Of(
        [
            new Member(new NodeId(0x0102), MemberRole.Voter, VotesInOutgoing: true),
            new Member(new NodeId(ulong.MaxValue), MemberRole.Joining, IsWitness: true),
        ]);

        Assert.Equal(
            "010200" + "0201000000000000" + "0001" + "FFFFFFFFFFFFFFFF" + "0202",
            Convert.ToHexString(Encode(membership)));
    }

    [Fact]
    public void A_later_epoch_is_written_and_kept_by_changes_and_by_leaving_the_joint_phase()
    {
        Membership recovered = Membership.Of(1, 2).In(Epoch.First.Next(0x0708));

        Assert.Equal("020200" + "0807000002000000" + "01000000000000000000" + "02000000000000000000", Convert.ToHexString(Encode(recovered)));
        Assert.True(MembershipCodec.TryRead(Encode(recovered), out Membership read, out string error), error);
        Assert.Equal(recovered, read);
        Assert.NotEqual(Membership.Of(1, 2), recovered);
        Assert.Equal(MembershipRefusal.None, recovered.TryChange(MembershipChange.None.Remove(new NodeId(2)), out Membership next));
        Assert.Equal((recovered.Epoch, recovered.Epoch), (next.Epoch, next.LeaveJoint().Epoch));
    }

    [Fact]
    public void The_largest_membership_fits_and_a_larger_one_is_refused()
    {
        Membership largest = Membership.Of(Enumerable.Range(0, 1024).Select(Learner)).In(Epoch.First.Next(7));
        Membership tooLarge = Membership.Of(Enumerable.Range(0, 1025).Select(Learner));

        Assert.Equal(MembershipCodec.BytesMax, Encode(largest).Length);
        Assert.True(MembershipCodec.TryRead(Encode(largest), out Membership read, out _));
        Assert.Equal(largest, read);
        Assert.Throws<ArgumentException>(() => MembershipCodec.GetSize(tooLarge));
        Assert.Throws<ArgumentException>(() => MembershipCodec.Write(largest, new byte[MembershipCodec.BytesMax - 1]));
    }

    [Theory]
    [InlineData("", "cut short")]
    [InlineData("0101", "cut short")]
    [InlineData("030000", "encoding version 3")]
    [InlineData("0200000000000002000000", "epoch 2-00000000")]
    [InlineData("0201000000000001000000", "take 21 bytes")]
    [InlineData("010104", "1025 members")]
    [InlineData("01FFFF", "65535 members")]
    [InlineData("010100", "take 13 bytes, not 3")]
    [InlineData("01000000", "take 3 bytes, not 4")]
    [InlineData("01010001000000000000000000FF", "take 13 bytes, not 14")]
    [InlineData("01010001000000000000000400", "unknown role 4")]
    [InlineData("01010001000000000000000004", "unknown flags: 04")]
    [InlineData("01010001000000000000000300", "no vote in the outgoing half")]
    [InlineData("0102000200000000000000000001000000000000000000", "n1 follows n2")]
    [InlineData("0102000200000000000000000002000000000000000000", "n2 follows n2")]
    public void What_is_malformed_is_refused_with_the_reason(string hex, string reason)
    {
        Assert.False(MembershipCodec.TryRead(Convert.FromHexString(hex), out Membership membership, out string error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Same(Membership.Empty, membership);
    }

    [Fact]
    public void A_flipped_byte_is_another_membership_or_is_refused()
    {
        byte[] bytes = Encode(Draw(new SeededRandom(3), 5));
        for (int position = 0; position < bytes.Length; position++)
        {
            for (int flip = 1; flip < 256; flip++)
            {
                bytes[position] ^= (byte)flip;
                AssertRefusedOrCanonical(bytes);
                bytes[position] ^= (byte)flip;
            }
        }
    }

    [Fact]
    public void Any_bytes_are_a_membership_or_are_refused()
    {
        var random = new SeededRandom(11);
        for (int run = 0; run < 50_000; run++)
        {
            byte[] bytes = Encode(Draw(random, random.Next(0, 4)));
            for (int change = random.Next(0, 3); change > 0 && bytes.Length > 0; change--)
            {
                int position = random.Next(0, bytes.Length - 1);
                switch (random.Next(0, 2))
                {
                    case 0:
                        bytes[position] = (byte)random.NextBelow(256);
                        break;
                    case 1:
                        Array.Resize(ref bytes, position);
                        break;
                    default:
                        Array.Resize(ref bytes, bytes.Length + position);
                        break;
                }
            }

            AssertRefusedOrCanonical(bytes);
        }
    }

    // Canonical: whatever is accepted is written back as the same bytes.
    private static void AssertRefusedOrCanonical(byte[] bytes)
    {
        if (MembershipCodec.TryRead(bytes, out Membership membership, out string error))
        {
            Assert.Empty(error);
            Assert.Equal(bytes, Encode(membership));
        }
        else
        {
            Assert.NotEmpty(error);
        }
    }

    private static byte[] Encode(Membership membership)
    {
        byte[] bytes = new byte[MembershipCodec.GetSize(membership)];
        Assert.Equal(bytes.Length, MembershipCodec.Write(membership, bytes));
        return bytes;
    }

    private static Membership Draw(SeededRandom random, int count)
    {
        var members = new SortedDictionary<NodeId, Member>();
        for (int i = 0; i < count; i++)
        {
            var id = new NodeId(random.Chance(300) ? random.NextUInt64() : random.NextBelow(20));
            var role = (MemberRole)random.Next(0, 3);
            bool outgoing = role == MemberRole.Leaving || random.Chance(300);
            members[id] = new Member(id, role, outgoing, random.Chance(300));
        }

        return Membership.Of(members.Values);
    }

    private static Member Learner(int id) => new(new NodeId((ulong)id), MemberRole.Learner);
}
