using Graft.Consensus;

namespace Graft.Sqlite.Tests;

/// <summary>Each decoder, fed with damaged encodings. It reads them or says what it expected, and asks for no more memory than they can stand for.</summary>
public sealed class SqlWireFuzzTests
{
    private const int Rounds = 4000;
    private const int AllocatedFlat = 64 << 10;
    private const int AllocatedPerByte = 200;

    [Fact]
    public void Commands() => Fuzz(random => SqlWire.Encode(SqlDraws.Request(random)), bytes =>
    {
        _ = SqlCommandCodec.StandsAlone(bytes);
        if (SqlCommandCodec.Decode(bytes) is { } request)
        {
            // Two encodings may be read as one request: a text that is repeated in full, a name that isn't UTF-8. What comes of it is read alike.
            byte[] again = SqlWire.Encode(request);
            Assert.Equal(again, SqlWire.Encode(SqlCommandCodec.Decode(again)!));
        }
    });

    [Fact]
    public void Queries() => Fuzz(random => SqlWire.Encode(SqlDraws.Query(random)), bytes => _ = SqlQueryCodec.Decode(bytes));

    [Fact]
    public void Answers()
    {
        using var writer = new SqlAnswerWriter();
        Fuzz(
            random =>
            {
                SqlDraws.Answer(random, writer, out byte[] bytes);
                return bytes;
            },
            bytes => _ = SqlWire.DecodeAnswer(bytes));
    }

    [Fact]
    public void Every_cut_of_a_valid_encoding_is_refused()
    {
        var random = new SeededRandom(7);
        using var writer = new SqlAnswerWriter();
        for (int round = 0; round < 20; round++)
        {
            byte[] command = SqlWire.Encode(SqlDraws.Request(random));
            byte[] query = SqlWire.Encode(SqlDraws.Query(random));
            SqlDraws.Answer(random, writer, out byte[] answer);
            EachCut(command, bytes => SqlCommandCodec.Decode(bytes));
            EachCut(query, bytes => SqlQueryCodec.Decode(bytes));
            EachCut(answer.Length < 5000 ? answer : answer[..5000], bytes => SqlWire.DecodeAnswer(bytes));
        }
    }

    [Theory]
    [InlineData("010100" + "01" + "8002" + "ffffffff07", "count of items")]
    [InlineData("010100" + "01" + "8002" + "01" + "ffffffff07", "length of a text of SQL")]
    [InlineData("010100" + "01" + "8002" + "01" + "0141" + "ffffffff07", "count of parameters")]
    [InlineData("010100" + "01" + "8002" + "01" + "0141" + "01" + "00" + "04ffffffff07", "length of a blob")]
    [InlineData("010100" + "01" + "8002" + "01" + "0141" + "01" + "00" + "06", "tag of a value")]
    [InlineData("010100" + "01" + "8002" + "00" + "00", "the end")]
    [InlineData("010100" + "00" + "8002" + "00", "a step budget from 1")]
    [InlineData("010100" + "8100" + "8002" + "00", "no encoder writes")]
    [InlineData("010104" + "01" + "8002" + "00", "the flags of a command")]
    [InlineData("010100" + "01" + "ff01" + "00", "a limit for the answer from 256")]
    [InlineData("0201", "version 2")]
    [InlineData("0109", "kind 9")]
    public void What_a_command_lacks_is_said(string command, string what)
    {
        SqlFormatException refused = Assert.Throws<SqlFormatException>(() => SqlCommandCodec.Decode(Convert.FromHexString(command)));

        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.Equal(what is "version 2" or "kind 9", refused.IsUnknown);
    }

    private static void EachCut(byte[] bytes, Func<ReadOnlyMemory<byte>, object?> read)
    {
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<SqlFormatException>(() => read(bytes.AsMemory(0, length)));
        }
    }

    private static void Fuzz(Func<SeededRandom, byte[]> draw, Action<byte[]> read)
    {
        for (ulong seed = 1; seed <= Rounds; seed++)
        {
            var random = new SeededRandom(seed);
            byte[] bytes = Spoil(random, draw(random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes);
            }
            catch (SqlFormatException)
            {
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}: {exception.Message}", exception);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocatedFlat + ((long)bytes.Length * AllocatedPerByte));
        }
    }

    private static byte[] Spoil(SeededRandom random, byte[] bytes)
    {
        for (int left = (int)random.NextBelow(4); left > 0 && bytes.Length > 0; left--)
        {
            int at = (int)random.NextBelow((ulong)bytes.Length);
            switch (random.NextBelow(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << (int)random.NextBelow(8));
                    break;
                case 1:
                    bytes[at] = 0xFF;
                    break;
                case 2:
                    bytes = bytes[..at];
                    break;
                default:
                    bytes = [.. bytes[..at], .. SqlDraws.Bytes(random), .. bytes[at..]];
                    break;
            }
        }

        return bytes;
    }
}
