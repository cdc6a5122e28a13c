using System.Text.Json;
using Graft;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddGraft<Counter, Add, long>(builder.Configuration.GetSection("Raft"));
builder.Services.AddHostedService<Ticker>();
await builder.Build().RunAsync();

internal sealed record Add(long Amount);

internal sealed class Counter : IStateMachine<Add, long>
{
    private long _total;

    public long Apply(Add command, AppliedAt at) => _total += command.Amount;
    public void Save(Stream snapshot) => JsonSerializer.Serialize(snapshot, _total);
    public void Load(Stream snapshot) => _total = JsonSerializer.Deserialize<long>(snapshot);
}
