using System.Text;
using System.Text.Json;

namespace Graft.Tests.Machines;

/// <summary>Programs that are functions of a test.</summary>
internal sealed class TestProgramHost : IProgramHost
{
    /// <summary>What it was run with, evaluation by evaluation.</summary>
    internal List<string> Arguments { get; } = [];

    /// <summary>The lines that it was told.</summary>
    internal List<string> Lines { get; } = [];

    internal int Starts { get; private set; }

    internal int Ends { get; private set; }

    /// <summary>One evaluation.</summary>
    internal Func<string, ProgramEnd> Run { get; set; } = static _ => default;

    /// <summary>Answers a request with lines. Each start makes another program.</summary>
    internal Func<Func<JsonElement, IEnumerable<string>>> Program { get; set; } = static () => static _ => [];

    /// <summary>Set to make a program keep its answers to itself for as long as it says.</summary>
    internal Func<bool> IsLate { get; set; } = static () => false;

    public async ValueTask<ProgramEnd> RunAsync(string argument, CancellationToken cancellation)
    {
        Arguments.Add(argument);
        if (Hang is { } hang)
        {
            try
            {
                await hang.WaitAsync(cancellation);
            }
            catch (OperationCanceledException killed)
            {
                throw new ExternalProgramException("It was killed.", killed);
            }
        }

        return Run(argument);
    }

    /// <summary>What an evaluation waits for, if anything.</summary>
    internal Task? Hang { get; set; }

    public IProgram Start()
    {
        Starts++;
        return new TestProgram(this, Program());
    }

    public override string ToString() => "the test's program";

    internal static ProgramEnd End(int status, string output, string errors = "") =>
        new(status, Encoding.UTF8.GetBytes(output), Encoding.UTF8.GetBytes(errors));

    private sealed class TestProgram(TestProgramHost host, Func<JsonElement, IEnumerable<string>> answer) : IProgram
    {
        private readonly Queue<string> _answers = new();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> lines)
        {
            string text = Encoding.UTF8.GetString(lines.Span);
            Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
            host.Lines.Add(text[..^1]);
            using var request = JsonDocument.Parse(text);
            foreach (string line in answer(request.RootElement))
            {
                _answers.Enqueue(line);
            }

            return default;
        }

        public ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellation) => host.IsLate()
            ? throw new ExternalProgramException($"{host} didn't answer in time.") { IsLate = true }
            : _answers.TryDequeue(out string? line) ? ValueTask.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(line))
            : throw new ExternalProgramException($"{host} has ended, and its state with it.");

        public void Kill() => _answers.Clear();

        public ValueTask DisposeAsync()
        {
            host.Ends++;
            return default;
        }
    }
}
