use linchpin::chance::law::Law;
use linchpin::scenario::*;
fn main() {
    let n: u64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(100_000);
    let threads: usize = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(1);
    let names = ["a","b","c","d"];
    let about = About::default();
    let mut nodes = vec![Node{id:"cloud".into(), runs_on: RunsOn::All(vec![]), about: about.clone()}];
    for (i,nm) in names.iter().enumerate(){ nodes.push(Node{id:nm.to_string(), runs_on: RunsOn::All(if i<2 {vec![0]} else {vec![]}), about: about.clone()}); }
    let vendors = names.iter().map(|_| Vendor{price:Some(1.0), unit:Some("unit".into())}).collect::<Vec<_>>();
    let ln=|m:f64,s:f64| Law::LogNormal{mu:m.ln(),sigma:s};
    let mut risks=vec![];
    let base=|id:String,kind:&'static str,on:usize| Risk{id,kind,on:vec![on],arrivals:None,path:None,conditions:Conditions::default(),effects:Effects::default(),stages:vec![],about:About::default()};
    let po=|r:f64| Some(Arrivals::Poisson{per_hour:r/8766.0,trend:0.0,calendar:None});
    let mut r=base("cloud-outage".into(),"outage",0); r.arrivals=po(2.0); r.effects.outage=Some(Outage{duration:ln(3.0,1.0),leaves:Law::Constant(0.0)}); risks.push(r);
    for (i,nm) in names.iter().enumerate(){
        let on=i+1;
        let mut r=base(format!("{nm}-outage"),"outage",on); r.arrivals=po(24.0); r.effects.outage=Some(Outage{duration:ln(1.2,1.1),leaves:Law::Constant(0.0)}); risks.push(r);
        let mut r=base(format!("{nm}-injunction"),"legal",on); r.arrivals=po(0.03*(i as f64+1.0));
        r.stages.push(Stage{name:String::new(),after:Law::Constant(0.0),outcomes:vec![Outcome{name:"injunction".into(),probability:1.0,conditions:Conditions::default(),ends:false,effects:Effects{suspends:Some(Length::Hours(ln(45.0*24.0,0.8))),cost:Some(Cost{amount:ln(2e6,0.5),scales_with:ScalesWith::Use}),..Default::default()}}]}); risks.push(r);
        let mut r=base(format!("{nm}-exclusive"),"exclusivity",on); r.arrivals=po(0.03); r.effects.suspends=Some(Length::Permanent); risks.push(r);
        let mut r=base(format!("{nm}-price"),"pricing",on); r.path=Some(PricePath{drift:-0.21,volatility:0.17}); risks.push(r);
        let mut r=base(format!("{nm}-repricing"),"pricing",on); r.arrivals=po(0.24); r.effects.price_change=Some(Law::LogNormalChange{mu:(1.12f64.ln()+1.75f64.ln())/2.0,sigma:(1.75f64/1.12).ln()/(2.0*1.6448536269514722)}); risks.push(r);
    }
    let takes=Law::Triangular{min:480.0,mode:1080.0,max:2880.0};
    let pf=|id:&str,sh:Vec<(usize,f64)>,fo:bool,to:Vec<usize>| Portfolio{id:id.into(),shares:vec![sh],failover:fo.then_some(Failover{detect_hours:1.0/6.0,headroom:0.6,works:1.0,order:None}),standby:vec![],migration:Some(Migration{to,patience_hours:336.0,takes:takes.clone(),costs:ln(2e6,0.5)}),setup:0.0,overhead_per_hour:0.0,contracts:vec![Contract::default();4],about:About::default()};
    let s=Scenario{name:"ref".into(),about:about.clone(),start_unix:1748736000,horizon_hours:36.0*730.5,currency:"$".into(),discount_rate:0.0,appetite:None,trials:n,seed:1,nodes,n_platforms:1,vendors,
      services:vec![Service{id:"product".into(),revenue_per_hour:50e3,growth:0.0,calendar:None,margin:1.0,usage_per_hour:Some(1e6/730.5),unit:Some("unit".into()),tolerance_hours:0.0,impact_tolerance_hours:None,about:about.clone()}],
      risks,portfolios:vec![pf("single",vec![(0,1.0)],false,vec![1]),pf("two",vec![(0,0.6),(1,0.4)],true,vec![]),pf("four",vec![(0,0.4),(1,0.3),(2,0.2),(3,0.1)],true,vec![])],baseline:0,files:vec![]};
    let pool=rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let t=std::time::Instant::now();
    let plan=linchpin::Plan::new(&s,1);
    if std::env::args().nth(3).is_some() { let tr=pool.install(|| linchpin::simulate::simulate(&plan,&linchpin::Options{trials:0..n,keep_components:false},&|_|true)).unwrap(); println!("sim {:.2} us/trial {}", t.elapsed().as_secs_f64()*1e6/n as f64, tr.n); return; }
    let res=pool.install(|| linchpin::run(&s,&linchpin::Options{trials:0..n,keep_components:false},&|_|true)).unwrap();
    println!("{:.2} us/trial", t.elapsed().as_secs_f64()*1e6/n as f64);
    for h in &res.headlines { println!("{:?}\n {:?} {:?} {:?}", h.plan, h.mean_loss, h.tvar_995, h.services[0]); }
}
